#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts a forged TCP SYN on the wire of one interface and says whether anybody answers it.

    forge_syn.py INTERFACE TARGET-MAC SOURCE-IP TARGET-IP PORT

What a kernel refuses to send (to 127.0.0.1 by a network card) is sent all the same. Prints "answered" when a
SYN+ACK from the port comes back within a second, "reset" for a reset, else "silence".
"""
import socket
import struct
import sys
import time

ETH_IP = 0x0800
SYN, RST, ACK = 0x02, 0x04, 0x10


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp_syn(source, target, port):
    def header(check):
        return struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 5 << 4, SYN, 65535, check, 0)

    pseudo = source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, 20)
    return header(checksum(pseudo + header(0)))


def ip_packet(source, target, payload):
    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, socket.IPPROTO_TCP, check, source,
                           target)

    return header(checksum(header(0))) + payload


def answer(packet, port):
    """The word for a packet that answers, or None."""
    if len(packet) < 54 or packet[12:14] != struct.pack("!H", ETH_IP) or packet[23] != socket.IPPROTO_TCP:
        return None
    tcp = packet[14 + (packet[14] & 0xF) * 4:]
    if struct.unpack("!HH", tcp[:4]) != (port, 40000):
        return None
    return "reset" if tcp[13] & RST else "answered" if tcp[13] & (SYN | ACK) == SYN | ACK else None


def main():
    interface, mac, source, target, port = sys.argv[1:6]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_IP))
    wire.bind((interface, 0))
    own_mac = wire.getsockname()[4]
    source, target, port = socket.inet_aton(source), socket.inet_aton(target), int(port)
    frame = bytes.fromhex(mac.replace(":", "")) + own_mac + struct.pack("!H", ETH_IP)
    wire.send(frame + ip_packet(source, target, tcp_syn(source, target, port)))
    deadline = time.monotonic() + 1
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            word = answer(wire.recv(65536), port)
        except TimeoutError:
            break
        if word:
            print(word)
            return
    print("silence")


main()
