. "$(dirname "$0")/lib.sh"
hub_start
mount_fs -o ttl=1,timeout=25
ls $M/fit/2022/12 >/dev/null
ls $M/2022/12 >/dev/null
hubctl set '{"fault": {"kind": "stall_headers", "path": "/fit/"}}'
stat "$M/fit/2022/12/20221230-FooRun.fit" >$T/stat 2>&1 &
a=$!
sleep 1
hubctl add '{"name": "A", "date": 20221205, "hhmm": "0801"}'
time "$COROSFS" --refresh $M/2022/12
sleep 0.5
( ls $M/fit/2022/12 >$T/ls 2>&1; date +%s.%N >$T/ls.done ) &
( stat $M/fit/2022/12/20221205-Nothing.fit >$T/lk 2>&1; date +%s.%N > $T/lk.done ) &
( ls $M/2022/12 >$T/ls2 2>&1; date +%s.%N > $T/ls2.done ) &
date +%s.%N
sleep 6
ls -la $T/*.done; cat $T/*.done; ps axo pid,stat,wchan:30,args | grep -E "ls |stat " | grep $T
hubctl clear
wait
cat $T/stat $T/ls $T/lk
ls -la --time-style=full-iso $T/*.done
finish
