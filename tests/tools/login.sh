#!/bin/sh
# SPDX-License-Identifier: MIT
# corosfs --login: on a terminal and in a pipe, right and wrong, with and without a mount.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/../mount/lib.sh"
hub_start
opts="api=$hub,cache_dir=$T/cache"

# login STDIN [argument...]: what it says is in $T/said and $T/err.
login() {
    input=$1
    shift
    printf '%s' "$input" | timeout 60 "$COROSFS" --login "$@" >"$T/said" 2>"$T/err"
}
# accepted "what" STDIN [argument...]
accepted() {
    what=$1
    shift
    login "$@"
    same "$what: exit status 0" 0 $?
    check "- and it says so" said "^logged in as $ACCOUNT, region 1 (US"
    check "- and nothing else" test ! -s "$T/err"
}
# turned_away "what" SENTENCE STDIN [argument...]
turned_away() {
    what=$1 sentence=$2
    shift 2
    login "$@"
    same "$what: exit status ${wanted:-1}" "${wanted:-1}" $?
    check "- with a sentence" grep -q "$sentence" "$T/err"
    same "- and a single line" 1 "$(cat "$T/said" "$T/err" | wc -l)"
}
logins() { hubctl stats logins; }

# ---- without a mount

accepted "a login" "" "$ACCOUNT" -o "$opts"
check "the login is kept, for us alone" test "$(stat -c %a "$T"/cache/*/token)" = 600
mount_fs
ls "$M/2022/12" >/dev/null
same "the next mount does not log in again" 1 "$(logins)"
unmount
accepted "another one, though there is a login" "" "$ACCOUNT" -o "$opts"
same "logs in" 2 "$(logins)"
hubctl set '{"schemes": "bcrypt"}'
accepted "with a hub that takes bcrypt only" "" "$ACCOUNT" -o "$opts"
hubctl clear
COROSFS_PASSWORD=wrong turned_away "a wrong password" "refuses this e-mail and password; check both$" \
    "" "$ACCOUNT" -o "$opts"
mount_fs
ls "$M/2022/12" >/dev/null
check "- which does not cost the kept login" is_mounted "$M"
unmount
COROSFS_PASSWORD=wrong turned_away "once more" "refuses this e-mail and password" "" "$ACCOUNT" \
    -o "$opts"
turned_away "an unknown account" "refuses this" "" nobody@example.org -o "$opts"
rm "$HOME/.config/corosfs/config"
wanted=2
turned_away "no account" "which account? corosfs --login you@example.org" "" -o "$opts"
turned_away "a path behind it" "the usage is: corosfs --login" "" "$ACCOUNT" "$M" -o "$opts"
wanted=
turned_away "no network" "cannot reach" "" "$ACCOUNT" -o "api=http://127.0.0.1:9,cache_dir=$T/c9"
hubctl set '{"login_status": 429, "retry_after": 60}'
turned_away "a hub that is tired of logins" "slow down" "" "$ACCOUNT" -o "$opts"
hubctl clear
turned_away "a cache folder that cannot be made" "make the cache folder" "" "$ACCOUNT" \
    -o "api=$hub,cache_dir=/proc/none"
turned_away "certificates that are not there" "cannot read the certificates of ca_file=/none" "" \
    "$ACCOUNT" -o "$opts,ca_file=/none"
password=$COROSFS_PASSWORD
unset COROSFS_PASSWORD
setsid -w "$COROSFS" --login "$ACCOUNT" -o "$opts" >"$T/said" 2>&1 </dev/null
same "no password and no terminal: exit status 1" 1 $?
check "- with what to do" said "no password: use password_file="
export COROSFS_PASSWORD="$password"

# ---- two factors

hubctl set '{"two_factor": true}'
accepted "a code from a pipe" "123456
" "$ACCOUNT" -o "$opts"
accepted "the second line is right" "000000
123 456
" "$ACCOUNT" -o "$opts"
turned_away "no code" "give its six digits on stdin" "" "$ACCOUNT" -o "$opts"
turned_away "a word" "give its six digits on stdin" "hello
" "$ACCOUNT" -o "$opts"
turned_away "three wrong ones" "refuses the code" "000000
000001
000002
" "$ACCOUNT" -o "$opts"
hubctl set '{"fault": {"kind": "result", "path": "/account/captcha"}}'
turned_away "a hub that mails nothing" "does not mail the two-factor code" "123456
" "$ACCOUNT" -o "$opts"
hubctl clear

# ---- on a terminal

# on_terminal "WAIT FOR" TYPE ... -- [argument...]: like a person; the screen is $T/screen.
cat >"$T/type.py" <<'END_PY'
import os, pty, sys, time
split = sys.argv.index("--")
talk, argv = sys.argv[1:split], sys.argv[split + 1:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(argv[0], argv)
seen = b""
def more():
    global seen
    try:
        data = os.read(fd, 4096)
    except OSError:
        data = b""
    seen += data
    return data
at = 0
for prompt, text in zip(talk[::2], talk[1::2]):
    while prompt.encode() not in seen[at:]:
        if not more():
            break
    at = len(seen)
    os.write(fd, text.encode().decode("unicode_escape").encode("latin-1"))
while more():
    pass
sys.stdout.buffer.write(seen)
_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
END_PY
on_terminal() { timeout 60 "$py" "$T/type.py" "$@" >"$T/said" 2>&1; }

unset COROSFS_PASSWORD
on_terminal "password of $ACCOUNT:" 'correct horse\n' -- "$COROSFS" --login "$ACCOUNT" -o "$opts"
same "a password that is typed: exit status 0" 0 $?
check "- logged in" said "logged in as $ACCOUNT"
refused "- and it is not shown" grep horse "$T/said"
hubctl set '{"two_factor": true}'
on_terminal "password of" 'correct horse\n' "six digits:" '12\n' "not it" '123456\n' -- \
    "$COROSFS" --login "$ACCOUNT" -o "$opts"
same "a code that is typed, at the second try: exit status 0" 0 $?
check "- logged in" said "logged in as $ACCOUNT"
on_terminal "password of" '\x03' -- "$COROSFS" --login "$ACCOUNT" -o "$opts"
same "Ctrl-C at the password: exit status 130" 130 $?
on_terminal "password of" '\x03' -- "$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/cache.new"
same "- of a mount, too" 130 $?
hubctl clear

# ---- whose password it is

config=$HOME/.config/corosfs/config
echo "wrong" >"$T/password" && chmod 600 "$T/password"
printf 'account = other@example.org\npassword_file = %s\n' "$T/password" >"$config"
on_terminal "password of $ACCOUNT:" 'correct horse\n' -- "$COROSFS" --login "$ACCOUNT" -o "$opts"
same "the password of another account in the config is not this one's: exit status 0" 0 $?
printf 'account = %s\npassword_file = %s\n' "$ACCOUNT" "$T/password" >"$config"
on_terminal "(Enter: as the config says)" 'correct horse\n' -- "$COROSFS" --login -o "$opts"
same "who has a password in the config is asked, too: exit status 0" 0 $?
on_terminal "(Enter: as the config says)" '\n' -- "$COROSFS" --login -o "$opts"
same "Enter takes that one: exit status 1" 1 $?
check "- which is wrong" said "refuses this e-mail and password"
COROSFS_PASSWORD=$password accepted "the environment wins over it" "" -o "$opts"
printf '[%s]\npassword_file = %s\n[other@example.org]\noffline\n' "$ACCOUNT" "$T/right" >"$config"
echo "$password" >"$T/right" && chmod 600 "$T/right"
accepted "an account with lines of its own" "" "$ACCOUNT" -o "$opts"

# ---- the config that a login leaves behind

rm -rf "$HOME/.config"
COROSFS_PASSWORD=$password accepted "a first login" "" "$ACCOUNT" -o "$opts"
check "- says where the account is kept" said "^the account is kept in $config"
same "- for us alone" "600 700" "$(stat -c %a "$config" "${config%/*}" | xargs)"
COROSFS_PASSWORD=$password accepted "a second one" "" "$ACCOUNT" -o "$opts"
refused "- leaves it as it is" grep "is kept in" "$T/said"
"$COROSFS" "$M" -o "log_file=$T/log" >"$T/said" 2>&1
same "then a mount needs nothing else" 0 $?
unmount
export COROSFS_PASSWORD="$password"

# ---- with a mount

mount_fs -o ttl=1
hubctl set '{"two_factor": true}'
ls "$M/2022/12" >/dev/null
accepted "while a mount runs, with a code" "123456
" "$ACCOUNT" -o "$opts"
check "- the mount has it" said "the mount goes on with it"
hubctl reset
"$COROSFS" --refresh "$M/2022/12" >"$T/said"
same "- and goes on without another login" 0 "$(logins)"
COROSFS_PASSWORD=wrong turned_away "a wrong password while it runs" "refuses this e-mail" "" \
    "$ACCOUNT" -o "$opts"
check "- the mount keeps its own" "$COROSFS" --refresh "$M/2022/12"
turned_away "no code while it runs" "give its six digits" "" "$ACCOUNT" -o "$opts"
check "- the mount keeps its own" "$COROSFS" --refresh "$M/2022/12"
hubctl set '{"two_factor": false, "expire_token": true}'
expect_log 'cannot fetch .* logged out by the web app' 'answers again'
refused "the web app takes the login" "$COROSFS" --refresh "$M/2022/12"
check "- which is said" said "logged out by the web app"
accepted "a login takes it back" "" "$ACCOUNT" -o "$opts"
check "- at once" "$COROSFS" --refresh "$M/2022/12"
hubctl clear
hubctl set '{"expire_token": true, "password": "another horse"}'
COROSFS_PASSWORD="another horse" accepted "another password, for a mount that knows the old one" "" \
    "$ACCOUNT" -o "$opts"
check "- the mount has it" "$COROSFS" --refresh "$M/2022/12"
finish
