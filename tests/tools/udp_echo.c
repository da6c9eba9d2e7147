/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends every datagram back to where it came from: udp_echo PORT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET}, peer;
    char bytes[65536];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    own.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 7));
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
        return 1;
    for (;;) {
        socklen_t length = sizeof(peer);
        ssize_t size = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&peer, &length);

        if (size >= 0)
            (void)sendto(fd, bytes, (size_t)size, 0, (struct sockaddr *)&peer, length);
    }
}
