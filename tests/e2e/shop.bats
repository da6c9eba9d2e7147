#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

SHOP=$ROOT/examples/shop

setup_file() {
    sh "$SHOP/images.sh"
    e2e_setup_file "$SHOP/images/shop-db.tar" "$SHOP/images/shop-api.tar" "$SHOP/images/shop-web.tar"
}
teardown_file() { e2e_teardown_file; }

setup() {
    e2e_setup
    cp "$SHOP/compose.yaml" "$SHOP/db_password.txt" "$DIR"
    SHOP_PORT=$(free_port)
    export SHOP_PORT
    URL=http://127.0.0.1:$SHOP_PORT
}
teardown() { e2e_teardown; }

# shop_answers ROWS: the API, through the page's server, has that many products.
shop_answers() {
    [ "$(fetch "$URL/api/products" | jq '.products | length')" -eq "$1" ]
}

browse() {
    python3 "$TOOLS/browser.py" "$URL/" "$@"
}

names='[...document.querySelectorAll("#products tbody tr")].map(row => row.children[1].innerText).join("|")'

@test "up --wait brings the shop up, the migration once and first" {
    ok up --wait
    equal "$(json migrate State)" exited
    equal "$(json migrate ExitCode)" 0
    equal "$(json db Health)" healthy
    equal "$(json api Health)" healthy
    equal "$(json web Health)" healthy
    shop_answers 3
    contains "$(lines migrate)" "migrated: 2 applied"
    # The server's version and clock can only come from the database.
    matches "$(fetch "$URL/api/products" | jq -r .server.version)" '^[0-9]+\.[0-9]+'
    equal "$(inside api id -un)" api
    equal "$(inside db stat -c %U /var/lib/postgresql/data)" postgres
}

@test "the page shows the rows, takes one more, and shows it again after down and up" {
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || skip "no Chromium on this machine"
    ok up --wait
    run browse wait 20 'document.querySelector("#products tbody tr")' print "$names" \
        type 'input[name=name]' 'Lantern' type 'input[name=price]' '24.5' click '#add button' \
        wait 10 "$names.includes(\"Lantern\")" print "$names" \
        print 'document.querySelector("#server").innerText' screenshot "$DIR/page.png"
    echo "$output"
    equal "$status" 0
    equal "${lines[0]}" "Sail, small|Rope, 10 m|Compass"
    equal "${lines[1]}" "Sail, small|Rope, 10 m|Compass|Lantern"
    contains "${lines[2]}" "4 products from PostgreSQL $(inside db postgres --version | grep -o '[0-9.]*' | head -n 1)"
    [ "$(stat -c %s "$DIR/page.png")" -gt 10000 ]
    [ -z "${YAWL_E2E_SCREENSHOTS-}" ] || cp "$DIR/page.png" "$YAWL_E2E_SCREENSHOTS/shop.png"

    ok down
    EXPECTED_VOLUMES=${PROJECT}_db-data
    nothing_left
    EXPECTED_VOLUMES=
    ok up --wait
    run browse wait 20 'document.querySelector("#products tbody tr")' print "$names"
    equal "$status" 0
    equal "${lines[0]}" "Sail, small|Rope, 10 m|Compass|Lantern"
    contains "$("$YAWL" logs --no-log-prefix migrate)" "migrated: 0 applied"
}

@test "SIGKILL to the database's process 1 restarts it, and the shop comes back by itself" {
    ok up --wait
    local before
    before=$(host_pid db)
    kill -KILL "$before"
    within 60 shop_answers 3
    within 60 is_health db healthy
    [ "$(host_pid db)" != "$before" ] || fail "the same process"
    contains "$(lines db)" "database system was not properly shut down"
}
