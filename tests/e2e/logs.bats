#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { e2e_setup_file; }
teardown_file() { e2e_teardown_file; }
setup() { e2e_setup; }
teardown() { e2e_teardown; }

@test "logs merges the services and prefixes each line" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo first; exec sleep 1000"]}
  longer: {image: box, command: [sh, -c, "sleep 0.5; echo second; exec sleep 1000"]}
END
    ok up -d
    within 5 logged longer second
    ok logs
    equal "$stdout" "a-1       | first
longer-1  | second"
}

@test "logs of one service, without prefix, newest n" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "seq 1 100; exec sleep 1000"]}
  b: {image: box, command: [sh, -c, "echo other; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a 100
    ok logs --no-log-prefix -n 3 a
    equal "$stdout" "98
99
100"
    ok logs -n 0 a
    equal "$stdout" ""
}

@test "logs -f follows new lines and ends when the service does" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo one; sleep 1; echo two; sleep 0.5; echo three"]}
END
    ok up -d
    background follow "$YAWL" logs -f --no-log-prefix a
    within 10 grep -q three follow.out
    within 5 sh -c "! kill -0 $pid"
    equal "$(grep -E '^(one|two|three)$' follow.out | tr '\n' ' ')" "one two three "
}

@test "standard error and standard output are both kept, in order" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo out; sleep 0.2; echo err >&2; sleep 0.2; echo out again; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a again
    equal "$(lines a | tr '\n' ' ')" "out err out again "
}

@test "a line without its end, bytes that are no text, and a very long line pass through" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "printf 'x%.0s' $$(seq 1 200000); echo; printf '\\377\\376\\n'; printf unfinished"]
END
    ok up
    within 5 is_state a exited
    equal "$("$YAWL" logs --no-log-prefix a | head -n 1 | tr -d '\n' | wc -c)" 200000
    equal "$("$YAWL" logs --no-log-prefix a | sed -n 2p | od -An -tx1 | tr -d ' ')" fffe0a
    equal "$("$YAWL" logs --no-log-prefix a | tail -n 1)" unfinished
}

@test "timestamps are RFC 3339" {
    compose_file <<'END'
services:
  a: {image: box, command: [echo, hello]}
END
    ok up
    ok logs -t a
    matches "$stdout" '^a-1 +\| [0-9-]{10}T[0-9:]{8}\.[0-9]+(Z|[+-][0-9:]+) hello$'
}

@test "logs of an unknown service is an error" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
END
    ok up -d
    refused logs nope
    contains "$stderr" "no such service: nope"
}

@test "logs of a service that has no container yet is empty" {
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"]}
  b: {image: box, profiles: [later], command: [sleep, "1000"]}
END
    ok logs a
    equal "$stdout" ""
    refused logs nope
    ok up -d
    ok logs b
    equal "$stdout" ""
}

@test "the log survives a stop and a start" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo run; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a run
    ok stop
    ok start
    within 5 sh -c "[ \$('$YAWL' logs --no-log-prefix a | grep -c run) -eq 2 ]"
}

@test "colours are used on a terminal only" {
    compose_file <<'END'
services:
  a: {image: box, command: [echo, hello]}
END
    ok up
    ok logs
    lacks "$stdout" $'\e['
    script -q -e -c "'$YAWL' logs" /dev/null >tty.out </dev/null
    grep -q $'\e\\[' tty.out || fail "no colour on a terminal: $(cat -v tty.out)"
    NO_COLOR=1 script -q -e -c "'$YAWL' logs" /dev/null >plain.out </dev/null
    ! grep -q $'\e\\[3' plain.out || fail "colour in spite of NO_COLOR"
}

@test "a container that writes 50,000 lines a second loses none" {
    compose_file <<'END'
services:
  a: {image: box, command: [flood, "50000", "150000"], logging: {options: {max-size: 100m}}}
END
    ok up -d
    within 30 is_state a exited
    "$YAWL" logs --no-log-prefix a | grep -v exited >got
    seq 1 150000 | cmp - got
}

@test "since and until take a zone, a fraction, epoch seconds and a duration" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo one; sleep 1.2; echo two; sleep 1.2; echo three; exec sleep 1000"]}
END
    ok up -d
    within 10 logged a three
    local stamp epoch
    stamp=$("$YAWL" logs -t --no-log-prefix a | awk '$2 == "two" {print $1}')
    epoch=$(date -d "$stamp" +%s.%N)
    ok logs --no-log-prefix --since "$stamp" a
    equal "$stdout" "two
three"
    ok logs --no-log-prefix --since "$epoch" --until "$epoch" a
    equal "$stdout" "two"
    ok logs --no-log-prefix --until "$(TZ=Asia/Kolkata date -d "$stamp" +%Y-%m-%dT%H:%M:%S.%N%:z)" a
    equal "$stdout" "one
two"
    TZ=Asia/Kolkata ok logs --no-log-prefix --since "$(TZ=Asia/Kolkata date -d "$stamp" +%Y-%m-%dT%H:%M:%S.%N)" a
    equal "$stdout" "two
three"
    ok logs --no-log-prefix --since 42m -n 1 a
    equal "$stdout" three
    ok logs --since -10m a
    equal "$stdout" ""
    ok logs --no-log-prefix --until "$stamp" -n 1 a
    equal "$stdout" two
    refused logs --since yesterday
    contains "$stderr" "'yesterday' is no time"
}

@test "--index shows one replica" {
    compose_file <<'END'
services:
  a: {image: box, scale: 2, command: [sh, -c, "echo here; exec sleep 1000"]}
END
    ok up -d
    within 5 sh -c "[ \$('$YAWL' logs a | wc -l) -eq 2 ]"
    ok logs --index 2 a
    equal "$stdout" "a-2  | here"
    refused logs --index 2
    contains "$stderr" "--index requires one service to be selected"
}

@test "a service with attach: false is shown when it is asked for" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo loud; exec sleep 1000"]}
  b: {image: box, attach: false, command: [sh, -c, "echo quiet; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a loud
    within 5 logged b quiet
    ok logs
    equal "$stdout" "a-1  | loud"
    ok logs b
    equal "$stdout" "b-1  | quiet"
}

@test "up and logs show the same" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "printf 'one\\rtwo\\n'; sleep 0.2; echo err >&2; sleep 0.2; printf end"]}
  longer: {image: box, command: [sh, -c, "sleep 0.1; echo second"]}
END
    ok up --timestamps --no-color
    "$YAWL" logs -t >logs
    grep -a ' | ' "$DIR/.stdout" "$DIR/.stderr" -h | sort -t'|' -k2 >up
    sort -t'|' -k2 logs | cmp - up
    ok up --no-log-prefix
    matches "$stdout" '^second$'
}

@test "logs -f goes on with a restarted container and with new replicas" {
    compose_file <<'END'
services:
  a: {image: box, scale: 1, command: [sh, -c, "echo hello; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a hello
    background follow "$YAWL" logs -f -n 0 a
    sleep 0.5
    ok restart -t 0 a
    within 10 grep -q '^a-1 *| hello' follow.out
    sed -i 's/scale: 1/scale: 2/' compose.yaml
    ok up -d
    within 10 grep -q '^a-2  | hello' follow.out
    ok stop -t 0
    within 10 sh -c "! kill -0 $pid"
}

@test "logs -f of a service that has ended shows what there is" {
    compose_file <<'END'
services:
  a: {image: box, command: [echo, hello]}
END
    ok up
    TRY_TIMEOUT_S=10 ok logs -f a
    equal "$stdout" "a-1  | hello
a-1 exited with code 0"
}

@test "logs -f --until ends by itself" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo hello; exec sleep 1000"]}
END
    ok up -d
    within 5 logged a hello
    TRY_TIMEOUT_S=10 ok logs -f --until -1s a
    contains "$stdout" hello
}

@test "driver none keeps no output and says so; sizes that are none are refused" {
    compose_file <<'END'
services:
  a: {image: box, command: [echo, secret], logging: {driver: none}}
END
    ok up
    lacks "$stdout" secret
    lacks "$stderr" WARN
    ok logs
    equal "$stdout" "a-1 lost all output: it is not kept, as its logging driver says"
    ! grep -r -q secret "$YAWL_DATA_ROOT/projects/$PROJECT/logs" || fail "it was kept"
    compose_file <<'END'
services:
  a: {image: box, command: [echo, secret], logging: {options: {max-size: 10x, max-file: "0"}}}
END
    refused up
    contains "$stderr" "services.a.logging.options.max-size: '10x' is no size"
    contains "$stderr" "services.a.logging.options.max-file: '0' is no number"
}

@test "options of logging without effect are told of once, and the pipe is as large as asked for" {
    compose_file <<'END'
services:
  a:
    image: box
    scale: 2
    command: [sleep, "1000"]
    logging: {options: {mode: non-blocking, max-buffer-size: 256k, compress: "true", tag: x, nonsense: "1"}}
  b: {image: box, command: [sleep, "1000"], logging: {options: {mode: blocking, compress: "false"}}}
END
    ok up -d
    local option
    for option in mode compress tag nonsense; do
        equal "$(grep -c "services.a.logging.options.$option: no effect" <<<"$stderr")" 1
    done
    lacks "$stderr" services.b
    lacks "$stderr" options.max-buffer-size
    python3 - "$YAWL_RUN_ROOT/projects/$PROJECT/fifo/$PROJECT-a-1.out" <<'END'
import fcntl, os, sys
assert fcntl.fcntl(os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK), 1032) == 256 << 10
END
    compose_file <<'END'
services:
  a: {image: box, command: [sleep, "1000"], logging: {options: {mode: sometimes, max-buffer-size: none}}}
END
    refused up -d
    contains "$stderr" "services.a.logging.options.mode: 'sometimes' is no mode"
    contains "$stderr" "services.a.logging.options.max-buffer-size: 'none' is no size"
}

@test "max-size and max-file bound what is kept" {
    compose_file <<'END'
services:
  a: {image: box, command: [flood, "200000", "200000"], logging: {options: {max-size: 100k, max-file: "2"}}}
END
    ok up -d
    within 30 is_state a exited
    [ "$(du -cb "$YAWL_DATA_ROOT/projects/$PROJECT/logs/"* | tail -n 1 | cut -f1)" -lt 500000 ] || fail "$(ls -l "$YAWL_DATA_ROOT/projects/$PROJECT/logs")"
    equal "$("$YAWL" logs --no-log-prefix -n 1 a)" 200000
}

@test "a line of 100 MB passes through in bounded memory" {
    compose_file <<'END'
services:
  a:
    image: box
    command: [sh, -c, "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo after"]
    logging: {options: {max-size: 200m}}
END
    ok up -d
    within 60 is_state a exited
    equal "$("$YAWL" logs --no-log-prefix a | head -n 1 | tr -d '\n' | wc -c)" 100000000
    equal "$("$YAWL" logs --no-log-prefix -n 1 a)" after
    equal "$("$YAWL" logs --no-log-prefix --grep x a | head -n 1 | wc -c)" 100000001
}

chatty() {
    compose_file <<'END'
services:
  api:
    image: box
    command:
      - sh
      - -c
      - |
        echo '{"level":"info","msg":"started"}'
        echo 'level=warn msg="slow query" ms=900'
        echo 'ERROR cannot connect'
        echo '    at connect (db.js:7)'
        echo '    at main (app.js:1)'
        echo 'GET / 200'
        printf 'bad \377 byte\n' >&2
        exec sleep 1000
END
    ok up -d
    within 5 logged api byte
}

@test "--grep, --invert and -i choose lines; -n counts those that are chosen" {
    chatty
    ok logs --no-log-prefix --grep 'slow|200$'
    equal "$stdout" 'level=warn msg="slow query" ms=900
GET / 200'
    ok logs --no-log-prefix --grep SLOW -i --grep '^GET'
    equal "$stdout" 'level=warn msg="slow query" ms=900
GET / 200'
    ok logs --no-log-prefix --grep 'at |msg|ERR|GET' --invert
    equal "$(grep -c byte <<<"$stdout")" 1
    equal "$(wc -l <<<"$stdout")" 1
    ok logs --no-log-prefix --grep '^ +at ' -n 1
    equal "$stdout" "    at main (app.js:1)"
    refused logs --grep 'a('
    contains "$stderr" "regular expression 'a('"
    refused logs --invert
}

@test "--level knows JSON, logfmt and plain words, and keeps a trace with its line" {
    chatty
    ok logs --no-log-prefix --level error
    equal "$stdout" "ERROR cannot connect
    at connect (db.js:7)
    at main (app.js:1)"
    ok logs --no-log-prefix --level warn -n 4
    equal "$(head -n 1 <<<"$stdout")" 'level=warn msg="slow query" ms=900'
    ok logs --no-log-prefix --level info --grep started
    equal "$stdout" '{"level":"info","msg":"started"}'
    refused logs --level loud
    contains "$stderr" "trace, debug, info, warn, error or fatal"
}

@test "--around shows what came before and after" {
    chatty
    ok logs --no-log-prefix --around connect -n 1 -C 1
    equal "$stdout" "ERROR cannot connect
    at connect (db.js:7)
    at main (app.js:1)"
    ok logs --no-log-prefix --around "$(($(date +%s) + 60))" -B 2 -A 0
    equal "$(wc -l <<<"$stdout")" 2
    ok logs --no-log-prefix --grep ERROR -B 1
    equal "$stdout" 'level=warn msg="slow query" ms=900
ERROR cannot connect'
}

@test "--json gives an object a line, whatever bytes there are" {
    chatty
    ok logs --json
    equal "$(jq -r .level <<<"$stdout" | tr '\n' ' ')" "info warn error error error null null "
    equal "$(jq -r 'select(.stream == "stderr") | .base64' <<<"$stdout" | base64 -d | od -An -tx1 | tr -d ' \n')" \
        62616420ff2062797465
    equal "$(jq -r '.service + " " + .container' <<<"$stdout" | sort -u)" "api $PROJECT-api-1"
    matches "$(jq -r .time <<<"$stdout")" '^[0-9-]{10}T[0-9:]{8}\.[0-9]{9}Z$'
}

@test "a choice goes on while following" {
    compose_file <<'END'
services:
  a: {image: box, command: [sh, -c, "echo INFO one; sleep 1; echo ERROR two; sleep 0.3; echo INFO three"]}
END
    ok up -d
    TRY_TIMEOUT_S=10 ok logs -f --no-log-prefix --level error a
    equal "$stdout" "ERROR two"
}
