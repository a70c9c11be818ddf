#!/bin/sh
# adduser, addgroup, deluser y delgroup con las opciones de los de Alpine: el busybox de Debian no los trae.
set -eu
me=${0##*/}

die() { echo "$me: $*" >&2; exit 1; }

# field ARCHIVO NOMBRE N: el campo N de la línea de ese nombre
field() { awk -F: -v name="$2" -v n="$3" '$1 == name { print $n; exit }' "/etc/$1"; }
has() { [ -n "$(field "$1" "$2" 1)" ]; }
taken() { awk -F: -v id="$2" '$3 == id { found = 1 } END { exit !found }' "/etc/$1"; }

# free PRIMERO ÚLTIMO: el primer número que no usa nadie, ni como uid ni como gid
free() {
    id=$1
    while taken passwd "$id" || taken group "$id"; do
        id=$((id + 1))
        [ "$id" -le "$2" ] || die "no hay ningún número libre"
    done
    echo "$id"
}
first_free() { if [ -n "${opt_S-}" ]; then free 100 999; else free 1000 60000; fi; }

number() { case $1 in '' | *[!0-9]*) die "invalid number '$1'" ;; esac; }
good_name() {
    case $1 in
        -* | *[!A-Za-z0-9_.-]* | '') die "user or group name '$1' contains invalid characters" ;;
    esac
}

# member USUARIO GRUPO: apunta el usuario en un grupo que ya existe
member() {
    has passwd "$1" || die "unknown user $1"
    has group "$2" || die "unknown group $2"
    change group awk -F: -v OFS=: -v user="$1" -v group="$2" '
        $1 == group && ("," $4 ",") !~ ("," user ",") { $4 = $4 == "" ? user : $4 "," user }
        { print }' /etc/group
}

# change ARCHIVO ORDEN...: sustituye /etc/ARCHIVO por lo que escribe la orden, sin cambiarle el dueño
change() {
    file=$1
    shift
    new=$("$@")
    echo "$new" > "/etc/$file"
}
without() { change "$1" awk -F: -v name="$2" '$1 != name' "/etc/$1"; }

new_group() {
    good_name "$1"
    ! has group "$1" || die "group '$1' in use"
    ! taken group "$2" || die "gid '$2' in use"
    echo "$1:x:$2:" >> /etc/group
}

new_user() {
    user=$1
    good_name "$user"
    ! has passwd "$user" || die "user '$user' in use"
    uid=${opt_u:-$(first_free)}
    number "$uid"
    ! taken passwd "$uid" || die "uid '$uid' in use"
    group=${opt_G:-${opt_S:+nogroup}}
    if [ -n "$group" ]; then
        has group "$group" || die "unknown group $group"
        gid=$(field group "$group" 3)
    else
        gid=$uid
        new_group "$user" "$gid"
    fi
    home=${opt_h:-/home/$user}
    if [ -n "${opt_S-}" ]; then shell=/sbin/nologin; else shell=/bin/sh; fi
    echo "$user:x:$uid:$gid:${opt_g-Linux User,,,}:$home:${opt_s:-$shell}" >> /etc/passwd
    if [ -z "${opt_H-}" ] && [ ! -e "$home" ]; then
        mkdir -p "$home"
        skeleton=${opt_k:-/etc/skel}
        [ ! -d "$skeleton" ] || cp -R "$skeleton/." "$home"
        chown -R "$uid:$gid" "$home"
    fi
    if [ -z "${opt_D-}${opt_S-}" ]; then
        echo "Changing password for $user" >&2
        echo "passwd: password for $user is unchanged" >&2
        exit 1 # como en Alpine: sin -D pide una contraseña, y al construir nadie la escribe
    fi
}

case $me in
    adduser) with_value=hgsGuk ;;
    addgroup) with_value=g ;;
    *) with_value= ;;
esac
names=
while [ $# -gt 0 ]; do
    word=$1
    shift
    case $word in
        --home | --home=*) letter=h ;;
        --gecos | --gecos=*) letter=g ;;
        --shell | --shell=*) letter=s ;;
        --ingroup | --ingroup=*) letter=G ;;
        --uid | --uid=*) letter=u ;;
        --gid | --gid=*) letter=g ;;
        --skel | --skel=*) letter=k ;;
        --system) letter=S ;;
        --disabled-password | --empty-password) letter=D ;;
        --no-create-home) letter=H ;;
        --remove-home) letter=r ;;
        --*) die "unrecognized option '$word'" ;;
        -?*) letter=${word#-} ;;
        *)
            names="$names $word"
            continue
            ;;
    esac
    rest=$letter
    while [ -n "$rest" ]; do
        letter=${rest%"${rest#?}"}
        rest=${rest#?}
        case "$with_value|SDHr" in
            *"$letter"*"|"*)
                value=$rest rest=
                case $word in --*=*) value=${word#*=} ;; esac
                if [ -z "$value" ]; then
                    [ $# -gt 0 ] || die "option requires an argument: '$letter'"
                    value=$1
                    shift
                fi
                eval "opt_$letter=\$value"
                ;;
            *"|"*"$letter"*) eval "opt_$letter=1" ;;
            *) die "unrecognized option: $letter" ;;
        esac
    done
done
# shellcheck disable=SC2086
set -- $names

case $me.$# in
    adduser.1) new_user "$1" ;;
    adduser.2 | addgroup.2) member "$1" "$2" ;;
    addgroup.1)
        gid=${opt_g:-$(first_free)}
        number "$gid"
        new_group "$1" "$gid"
        ;;
    deluser.1)
        has passwd "$1" || die "unknown user $1"
        [ -z "${opt_r-}" ] || rm -rf "$(field passwd "$1" 6)"
        without passwd "$1"
        ! has group "$1" || without group "$1"
        ;;
    delgroup.1)
        has group "$1" || die "unknown group $1"
        without group "$1"
        ;;
    deluser.2 | delgroup.2)
        has group "$2" || die "unknown group $2"
        change group awk -F: -v OFS=: -v user="$1" -v group="$2" '
            $1 == group { list = "," $4 ","; sub("," user ",", ",", list); gsub(/^,|,$/, "", list); $4 = list }
            { print }' /etc/group
        ;;
    *) die "usage: $me [-opciones] NOMBRE [GRUPO]" ;;
esac
