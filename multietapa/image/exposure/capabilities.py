"""Los permisos sueltos de un programa (``security.capability``), con los nombres que les da Linux."""

from __future__ import annotations

import struct

_NAMES = """
chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct
sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control
setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore
""".split()
_WORDS = {1: 1, 2: 2, 3: 2}  # revisión -> palabras de 32 bits de cada conjunto
_EFFECTIVE = 1


def names(raw: bytes) -> str:
    """Como lo escribe ``getcap``: ``cap_net_bind_service=ep``. De una revisión que no se conoce, ``""``."""
    if len(raw) < 4:
        return ""
    (magic,) = struct.unpack_from("<I", raw)
    words = _WORDS.get(magic >> 24, 0)
    if not words or len(raw) < 4 + 8 * words:
        return ""
    allowed = inherited = 0
    for word in range(words):
        permitted, inheritable = struct.unpack_from("<II", raw, 4 + 8 * word)
        allowed |= permitted << 32 * word
        inherited |= inheritable << 32 * word
    effective = "e" if magic & _EFFECTIVE else ""
    groups: dict[str, list[str]] = {}
    for number in range(64):
        has, gets = allowed >> number & 1, inherited >> number & 1
        if has or gets:
            flags = effective + ("i" if gets else "") + ("p" if has else "")
            name = f"cap_{_NAMES[number]}" if number < len(_NAMES) else str(number)
            groups.setdefault(flags, []).append(name)
    return " ".join(f"{','.join(members)}={flags}" for flags, members in groups.items())
