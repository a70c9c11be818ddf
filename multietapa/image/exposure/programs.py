"""Qué programas ayudan a quien entra: intérpretes de órdenes, gestores de paquetes, red y depuradores.

Los compiladores se reconocen en ``image/contents.py``, que es también quien se los pregunta a los ejercicios.
"""

from __future__ import annotations

import re

from multietapa.image.contents import is_compiler

SHELL, PACKAGES, COMPILER, NETWORK, DEBUGGER = (
    "intérprete de órdenes",
    "gestor de paquetes",
    "compilador",
    "herramienta de red",
    "depurador",
)
KINDS = (SHELL, PACKAGES, COMPILER, NETWORK, DEBUGGER)
"""En el orden en que se enseñan."""
_NAMES = {
    SHELL: "sh bash dash ash zsh ksh ksh93 mksh fish csh tcsh rbash pwsh busybox toybox",  # «busybox sh»
    PACKAGES: """
        apt apt-get apt-cache aptitude dpkg apk rpm dnf microdnf tdnf yum zypper pacman npm npx pnpm pnpx
        yarn yarnpkg corepack pip pip3 pipx uv conda mamba poetry gem bundle composer brew snap opkg
        """,
    NETWORK: """
        curl wget wget2 nc nc.openbsd nc.traditional ncat netcat socat telnet ftp tftp ftpget ftpput ssh scp
        sftp rsync nmap tcpdump dig host nslookup ping ping6 traceroute traceroute6 tracepath arping ip
        ifconfig ss netstat arp route iptables iptables-nft iptables-legacy nft httpd nginx aria2c lynx
        """,
    DEBUGGER: "gdb gdbserver lldb strace ltrace perf valgrind objdump nm readelf delve dlv bpftrace rr",
}
_BY_NAME = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_VERSION = re.compile(r"-?\d+(?:\.\d+)*$")
#: Las carpetas en las que se busca una orden por su nombre.
FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "busybox")


def kind_of(path: str) -> str:
    """Qué clase de programa es el de esa ruta (sin ``/`` delante), o ``""`` si no es de ninguna.

    De las órdenes se mira el nombre, también con su versión (``pip3.11``), y solo en las carpetas donde se
    buscan; un compilador lo es en cualquiera de las suyas.
    """
    if is_compiler(f"/{path}"):
        return COMPILER
    folder, _, name = path.rpartition("/")
    if folder not in FOLDERS:
        return ""
    return _BY_NAME.get(name) or _BY_NAME.get(_VERSION.sub("", name), "")
