# SPDX-License-Identifier: MIT
# fish completion for corosfs. Commands and options come from `corosfs --help`, so that they are
# those of the program that is installed.

# "name" or "name=", a tab and its words, for each option behind -o.
function __corosfs_options
    corosfs --help 2>/dev/null |
        string replace -r -f '^  ([a-z_]{2,}=?) +(?:[A-Z]+ +)?(.*)$' '$1\t$2'
end

# The list behind -o: every candidate repeats what stands before the option that is being typed.
function __corosfs_list
    set -l list (commandline -ct | string replace -r '^-o' '')
    set -l last (string split , -- $list)[-1]
    set -l before (string replace -r '[^,]*$' '' -- $list)
    switch $last
        case 'log=*'
            printf '%s\n' $before"log="{error,warn,info,debug}
        case 'views=*'
            printf '%s\n' $before(string replace -r '[^=:]*$' '' -- $last){fit,gpx,tcx,kml,track,detail,none}
        case '*_file=*' '*_dir=*'
            set -l name (string split -m 1 = -- $last)[1]
            printf '%s\n' $before$name=(__fish_complete_path (string replace -r '^[^=]*=' '' -- $last))
        case '*=*'
        case '*'
            printf '%s\n' $before(__corosfs_options)
    end
end

function __corosfs_views
    printf '%s\n' (commandline -ct | string replace -r '[^:]*$' ''){fit,gpx,tcx,kml,track,detail}
end

function __corosfs_commands
    corosfs --help 2>/dev/null | string match -a -r -- '--[a-z][a-z-]*' | sort -u
end

function __corosfs_mounts
    string replace -r -f '^[^ ]* ([^ ]*) fuse\.corosfs .*' '$1' </proc/self/mounts
end

function __corosfs_after
    test (commandline -opc)[-1] = $argv[1]
end

complete -c corosfs -f
complete -c corosfs -s o -x -a '(__corosfs_list)' -d 'options, divided by commas'
complete -c corosfs -s f -d 'stay in the foreground'
complete -c corosfs -s d -d 'the same, and show each hub request'
complete -c corosfs -n 'string match -q -- "-*" (commandline -ct)' -a '(__corosfs_commands)'
complete -c corosfs -n '__corosfs_after --status' -a '(__corosfs_mounts)'
complete -c corosfs -n '__corosfs_after --refresh' -F
complete -c corosfs -n '__corosfs_after --views' -a '(__corosfs_views)'
complete -c corosfs -n 'not string match -q -- "--*" (commandline -opc)[-1]' \
    -a '(__fish_complete_directories)'
