"""Los usuarios de un equivalente, y las órdenes para crear más: las de Debian o las de Alpine."""

from __future__ import annotations

from pathlib import Path

from multietapa.bases.equivalent import link

#: Los programas que en Alpine trae busybox y en Debian no: son un guion, que mira con qué nombre lo llaman.
ALPINE = (Path(__file__).parent / "users.sh").read_text(encoding="utf-8")
_NAMES = ("adduser", "addgroup", "deluser", "delgroup")
#: Los paquetes de Debian que los traen.
DEBIAN = ("adduser", "passwd", "login")

# fmt: off
#: nombre:uid:gid, los que trae cada sistema, además del de la familia.
_USERS = {
    True: "daemon:1:1 bin:2:2 sys:3:3 sync:4:65534 games:5:60 man:6:12 lp:7:7 mail:8:8 news:9:9 uucp:10:10 "
          "proxy:13:13 www-data:33:33 backup:34:34 list:38:38 irc:39:39 _apt:42:65534 nobody:65534:65534",
    False: "bin:1:1 daemon:2:2 lp:4:7 sync:5:0 shutdown:6:0 halt:7:0 mail:8:12 news:9:13 uucp:10:14 "
    "cron:16:16 "
           "ftp:21:21 sshd:22:22 games:35:35 ntp:123:123 guest:405:100 nobody:65534:65534",
}
_GROUPS = {
    True: "root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13 kmem:15 "
          "dialout:20 fax:21 voice:22 cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30 www-data:33 "
          "backup:34 "
          "operator:37 list:38 irc:39 src:40 shadow:42 utmp:43 video:44 sasl:45 plugdev:46 staff:50 games:60 "
          "users:100 nogroup:65534",
    False: "root:0 bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 lp:7 kmem:9 wheel:10 floppy:11 mail:12 news:13 "
    "uucp:14 "
           "cron:16 audio:17 cdrom:18 dialout:20 ftp:21 sshd:22 input:23 tape:26 video:27 netdev:28 kvm:34 "
           "games:35 shadow:42 www-data:82 users:100 ntp:123 utmp:406 ping:999 nogroup:65533 nobody:65534",
}
# fmt: on
#: Lo que un guion de mantenedor de Debian escribiría para que passwd y los suyos acepten a root.
_PAM = {
    "auth": "pam_permit.so",
    "account": "pam_permit.so",
    "password": "pam_unix.so",
    "session": "pam_permit.so",
}


def recipe(*, full: bool) -> tuple[object, ...]:
    """Lo que las determina: cambia cuando cambian."""
    return (_USERS[full], _GROUPS[full], *(DEBIAN if full else (ALPINE,)))


def install(root: Path, user: str, *, full: bool) -> None:
    """Escribe los usuarios y los grupos en la raíz, con ``user`` como uid 1000, y deja listas las órdenes."""
    etc = root / "etc"
    etc.mkdir(exist_ok=True)
    shell, closed = ("/bin/bash", "/usr/sbin/nologin") if full else ("/bin/sh", "/sbin/nologin")
    lines = [f"root:x:0:0:root:/root:{shell}"]
    for name, uid, gid in (item.split(":") for item in _USERS[full].split()):
        lines.append(f"{name}:x:{uid}:{gid}:{name}:/:{closed}")
    lines.append(f"{user}:x:1000:1000::/home/{user}:{shell}")
    groups = [f"{name}:x:{gid}:" for name, gid in (item.split(":") for item in _GROUPS[full].split())]
    (etc / "passwd").write_text("\n".join([*lines, ""]))
    (etc / "group").write_text("\n".join([*groups, f"{user}:x:1000:", ""]))
    if full:
        for kind, module in _PAM.items():
            (etc / f"pam.d/common-{kind}").write_text(f"{kind} required {module}\n")
        return
    programs = root / "usr/sbin"
    programs.mkdir(parents=True, exist_ok=True)
    (programs / _NAMES[0]).write_text(ALPINE)
    (programs / _NAMES[0]).chmod(0o755)
    for name in _NAMES[1:]:
        link(programs / name, _NAMES[0])
