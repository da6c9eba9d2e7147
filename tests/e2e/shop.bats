#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load image_tree
load lan

SHOP=$ROOT/examples/shop
# A build with packages from the network takes some minutes.
TRY_TIMEOUT_S=1500

# The first `up` of the file builds the images; what it says and how it ends is a test of its own.
setup_file() {
    e2e_setup_file
    sh "$SHOP/base.sh" "$YAWL"
    if [ -z "${NPM_CONFIG_REGISTRY-}" ] && command -v npm >/dev/null; then
        NPM_CONFIG_REGISTRY=$(npm config get registry)
        export NPM_CONFIG_REGISTRY
    fi
}
teardown_file() { e2e_teardown_file; }

setup() {
    e2e_setup
    # Only what belongs to the example: an editor's node_modules would be read and left out each time.
    tar -C "$SHOP" --exclude=node_modules --exclude=dist --exclude=images -c . | tar -x
    SHOP_PORT=$(free_port)
    export SHOP_PORT
    URL=http://127.0.0.1:$SHOP_PORT
}
teardown() {
    if [ -e "$DIR/yawl-on-host" ]; then
        timeout 60 "$YAWL" down -t 1 >/dev/null 2>&1
        lan_end
    fi
    e2e_teardown
}

# shop_answers ROWS: the API, through the page's server, has that many products.
shop_answers() {
    [ "$(fetch "$URL/api/products" | jq '.products | length')" -eq "$1" ]
}

browse() {
    python3 "$TOOLS/browser.py" "$URL/" "$@"
}

# The steps that the last build has carried out, as it told of them: "#3 api [4/5] COPY . .".
steps_done() {
    local number
    for number in $(sed -n -E 's/^#([0-9]+) DONE .*/\1/p' <<<"$stderr"); do
        grep -m 1 "^#$number " <<<"$stderr"
    done
}

shop_images() {
    "$IMAGE_WORKER" inspect --data-root "$YAWL_DATA_ROOT" shop-web shop-api shop-db | jq -r '.[].Id'
}

names='[...document.querySelectorAll("#products tbody tr")].map(row => row.children[1].innerText).join("|")'

@test "from a clean store one 'up --build --wait' builds the shop and brings it up, the migration once and first" {
    ok up --build --wait
    [ "$(steps_done | wc -l)" -ge 10 ]
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

@test "an unchanged rebuild does nothing, and one changed file of the API only what comes behind its COPY" {
    ok build
    local before
    before=$(shop_images)
    ok build
    equal "$(steps_done)" ""
    equal "$(shop_images)" "$before"
    echo '# changed' >>api/app.py
    ok build
    matches "$(steps_done)" '^#[0-9]+ (api|migrate) \[[0-9]/[0-9]\] COPY \. \.$'
    equal "$(steps_done | wc -l)" 1
}

@test "the tree of a built image is umoci's" {
    needs umoci
    STORE=$DIR/store
    ok build db
    ok image save -o db.tar shop-db
    same_tree shop-db db.tar
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

@test "beside a host firewall that lets in the published port alone, and forwards nothing, the shop is whole" {
    lan_begin
    host_firewall "$SHOP_PORT"
    background closed nsenter --net --target "$HOST" python3 -m http.server --bind 10.213.77.1 "$((SHOP_PORT - 1))"
    within 10 on_host curl --silent --fail --noproxy '*' --output /dev/null "http://10.213.77.1:$((SHOP_PORT - 1))/"
    ok up --wait
    local shop=http://10.213.77.1:$SHOP_PORT code=0
    contains "$(lan_fetch "$shop/")" '<div id="root">'
    equal "$(lan_fetch "$shop/api/products" | jq '.products | length')" 3
    lan_fetch --json '{"name": "Lantern", "price": "24.5"}' --output /dev/null "$shop/api/products"
    equal "$(lan_fetch "$shop/api/products" | jq '.products | length')" 4
    lan_fetch --output /dev/null "http://10.213.77.1:$((SHOP_PORT - 1))/" || code=$?
    equal "$code" 28
    equal "$(on_host nft list tables | sort | tr '\n' ' ')" "table inet ufw table ip docker "
    ok down -v
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
