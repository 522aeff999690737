#!/bin/sh
# SPDX-License-Identifier: MIT
# Logins: both ways, refusals, regions, and where the password may come from.
. "$(dirname "$0")/lib.sh"
hub_start
n=0

# mount_new [argument...]: with a cache of its own; what it says is in $T/said.
mount_new() {
    n=$((n + 1))
    hubctl reset
    "$COROSFS" "${account-$ACCOUNT}" "$M" -o "api=${api:-$hub},cache_dir=$T/cache.$n" "$@" \
        >"$T/said" 2>&1
}

# accepted "what" [argument...]: mounts, reads, unmounts.
accepted() {
    what=$1
    shift
    mount_new "$@"
    check "$what" test $? -eq 0
    check "- and the data comes" grep -q "Tokyo Run" "$M/2022/12/activities.csv"
    unmount || fail "- and it unmounts"
}

# turned_away "what" SENTENCE [argument...]: exit status 1 and a sentence on stderr.
turned_away() {
    what=$1 sentence=$2
    shift 2
    mount_new "$@"
    same "$what: exit status ${wanted:-1}" "${wanted:-1}" $?
    check "- with a sentence" said "$sentence"
    same "- and a single line" 1 "$(wc -l <"$T/said")"
    check "- and nothing mounted" not_mounted "$M"
}
logins() { hubctl stats 'by_path|/account/login'; }

# ---- refused

COROSFS_PASSWORD="wrong horse"
turned_away "a wrong password" "refuses this e-mail and password"
same "- one try a scheme" 2 "$(logins)"
# With the cache of the last mount.
once_more() {
    n=$((n - 1))
    mount_new
}
once_more
same "the next mount with the same one: exit status 1" 1 $?
check "- with the reason, and what to do" said "as before.*corosfs --login"
same "- and it is not sent again" 0 "$(logins)"
COROSFS_PASSWORD="other horse"
once_more
check "another wrong one is refused" said "refuses this e-mail and password"
same "- after one try a scheme" 2 "$(logins)"
touch -d '25 hours ago' "$T/cache.$n"/*/refused
once_more
same "a day later it is tried again" 2 "$(logins)"
# The account was mended on the hub.
hubctl set '{"password": "other horse"}'
once_more
same "before that it is not" 0 "$(logins)"
check "corosfs --login tries it" "$COROSFS" --login "$ACCOUNT" -o "api=$hub,cache_dir=$T/cache.$n"
once_more
same "- and then it mounts" 0 $?
unmount
hubctl clear
COROSFS_PASSWORD="wrong horse"
turned_away "a wrong password again" "refuses this"
COROSFS_PASSWORD="correct horse"
once_more
same "the right one after a wrong one: it mounts" 0 $?
gone_file() { ! test -e "$T/cache.$n"/*/refused; }
check "- and nothing is remembered" within 10 gone_file
unmount
account=nobody@example.org
turned_away "an unknown account" "refuses this e-mail and password"
account=$ACCOUNT
hubctl set '{"two_factor": true}'
turned_away "an account with two factors" "two-factor"
same "- one try" 1 "$(logins)"
hubctl clear
hubctl set '{"login_status": 429, "retry_after": 60}'
turned_away "a hub that is tired of logins" "slow down"
hubctl clear
hubctl set '{"fault": {"kind": "html200", "path": "/account/login"}}'
turned_away "a web page instead of an answer" "not JSON"
hubctl clear
turned_away "a hub that is not there" "cannot reach" -o "api=http://127.0.0.1:9"
turned_away "plain http off loopback" "only https" -o "api=http://192.0.2.1"
turned_away "the same by name" "only https" -o "api=http://localhost.example.org"
same "the reason stands on stderr with a log file, too" 1 "$(
    COROSFS_PASSWORD=wrong "$COROSFS" "$ACCOUNT" "$M" \
        -o "api=$hub,cache_dir=$T/cache.err,log_file=$T/own.log" 2>&1 | grep -c refuses)"

# ---- accepted

hubctl clear
accepted "both schemes allowed"
same "one login" 1 "$(logins)"
hubctl set '{"schemes": "legacy"}'
accepted "a hub that takes the old scheme only"
same "two tries" 2 "$(logins)"
# again [argument...]: mounts once more with the cache of the last mount, its months forgotten.
again() {
    rm -rf "$T/cache.$n"/*/months "$T/cache.$n"/*/history
    n=$((n - 1))
    mount_new "$@"
}
again
hubctl set '{"expire_token": true}'
check "a dead token is replaced" grep -q Tokyo "$M/2022/12/activities.csv"
same "by the way that worked before" 1 "$(logins)"
unmount
for code in 1030 1031; do
    hubctl set "{\"schemes\": \"legacy\", \"refused_scheme\": \"$code\"}"
    accepted "a hub that says $code to the new scheme"
done
hubctl set '{"schemes": "bcrypt"}'
accepted "a hub that takes the new scheme only"
same "it was not told the old one's secret" 1 "$(logins)"
hubctl clear

# ---- a kept token

hub_stop
hub_start --athlete both --activities 400 --years 5
accepted "a first mount logs in"
again
check "a second one" is_mounted "$M"
cat "$M/2022/12/activities.csv" >/dev/null
same "does not" 0 "$(logins)"

# The web app, or the hub, ended the session: one login for everybody who asks meanwhile.
hubctl set '{"expire_token": true, "delay_ms": 50}'
hubctl reset
pids=
for i in $(seq 32); do
    cat "$M/202$((i % 3 + 3))/0$((i % 5 + 1))/activities.csv" >"$T/read.$i" &
    pids="$pids $!"
done
failed=0
for pid in $pids; do
    wait "$pid" || failed=$((failed + 1))
done
same "many readers and a dead token: all of them read" 0 $failed
same "with one login" 1 "$(logins)"

# Again within ten minutes of that login: somebody sits at the web app.
hubctl set '{"expire_token": true, "delay_ms": 0}'
hubctl reset
refused "logged out again: what is not cached is refused" ls "$M/2021/12"
check "with EACCES" said "Permission denied"
check "what is cached stays" grep -q Tokyo "$M/2022/12/activities.csv"
same "and nobody fights" 0 "$(logins)"
unmount
hub_stop

# ---- regions

for region in 1 2 3 4; do
    hub_start --region $region
    api=$hub/region/%r
    accepted "the account's home is region $region"
    same "nothing but the login is asked elsewhere" \
        "$([ $region -eq 1 ] || echo 1:1 '')$region:$([ $region -eq 1 ] && echo 2 || echo 1)" \
        "$(hubctl stats by_region | tr -d '{}"' | tr ',' ' ' | xargs)"
    hubctl reset
    n=$((n - 1))
    mount_new
    cat "$M/2022/12/activities.csv" >/dev/null
    same "a remount knows where home is" "{}" "$(hubctl stats by_region)"
    unmount
    hub_stop
done
for what in missing unknown; do
    hub_start --region 3
    api=$hub/region/%r
    hubctl set "{\"region_in_login\": \"$what\"}"
    accepted "a login answer whose region is $what: home is found all the same"
    check "with few requests" test "$(requests)" -le 7
    hub_stop
done
api=

# ---- where the password comes from

hub_start
unset COROSFS_PASSWORD
mkdir -p "$HOME/.config/corosfs"
config=$HOME/.config/corosfs/config
(umask 077 && echo "correct horse" >"$T/password" && echo "wrong" >"$T/wrong")
turned_away "no password and no terminal" "no password" -f </dev/null
accepted "password_file" -o "password_file=$T/password"
turned_away "password_file with another one" "refuses" -o "password_file=$T/wrong"
chmod 640 "$T/password"
turned_away "a password_file that others can read" "chmod 600" -o "password_file=$T/password"
same "- nobody was asked" 0 "$(logins)"
chmod 600 "$T/password"
turned_away "one that is not there" "No such file" -o "password_file=$T/nothing"
accepted "password_command" -o "password_command=cat $T/password; echo more"
turned_away "password_command that fails" "status 3" -o "password_command=exit 3"
turned_away "password_command that says nothing" "empty" -o "password_command=true"
wanted=2
turned_away "a password as an option" "never an option" -o "password=correct horse"
wanted=
mkdir -m 700 "$T/credentials"
(umask 077 && echo "correct horse" >"$T/credentials/corosfs-password")
export CREDENTIALS_DIRECTORY="$T/credentials"
accepted "systemd's credentials"
unset CREDENTIALS_DIRECTORY
(
    umask 077
    cat >"$config" <<END
# A comment, an empty line, and odd spaces:

  account=$ACCOUNT
password_file = $T/password
api = $hub
cache_dir = $T/cache.config
ttl=5
END
)
"$COROSFS" "$M" >"$T/said" 2>&1
same "account, api and password_file from the config file" 0 $?
check "- and the data comes" grep -q "Tokyo Run" "$M/2022/12/activities.csv"
fusermount3 -u "$M"
lock_free() { flock -n "$T"/cache.config/*/lock true; }
check "- and it unmounts" within 10 lock_free
chmod 664 "$config"
refused "a config file that others can write" "$COROSFS" "$M"
check "- with a sentence" said "chmod go-w"
chmod 600 "$config"
echo "colour = blue" >>"$config"
refused "a word in it that does not exist" "$COROSFS" "$M"
check "- with the line" said "line 8: unknown option"
rm "$config"
refused "no account at all" "$COROSFS" "$M"
check "- with a sentence" said "which account"
finish
