# Primer proceso del motor privado, ya dentro de sus espacios de nombres.
# Uso: init.sh RAIZ CARPETA_API DATOS TAMANO_MB PRIMER_PUERTO ULTIMO_PUERTO MOTOR ARGUMENTOS_DEL_MOTOR...
# Todo lo que monta desaparece con su espacio de nombres.
set -eu
root=$1 api=$2 data=$3 size=$4 first=$5 last=$6
shift 6
b="$root/usr/bin/busybox"

"$b" mount --make-rprivate /
"$b" mount --bind "$root" "$root"
"$b" mount --rbind /dev "$root/dev"
"$b" mount --rbind /sys "$root/sys"
"$b" mount -t proc proc "$root/proc"
"$b" mount -t tmpfs -o mode=755 tmpfs "$root/run"
"$b" mount -t tmpfs tmpfs "$root/tmp"
if [ "$size" -gt 0 ]; then
    "$b" mount -t tmpfs -o "size=${size}m" tmpfs "$root/data"
else
    "$b" mount --bind "$data" "$root/data"
fi
"$b" mkdir "$root/run/api"
"$b" mount --bind "$api" "$root/run/api"
cd "$root"
"$b" pivot_root . old
b=/usr/bin/busybox
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
"$b" umount -l /old
# Compartidos entre el motor y sus contenedores (-v /x:/y:rshared), como los pone systemd; con los de fuera ya no.
"$b" mount --make-rshared /
"$b" ip link set lo up
echo "$first $last" > /proc/sys/net/ipv4/ip_local_port_range
echo "nameserver 10.0.2.100" > /run/resolv.conf
waited=0
until [ -e /run/api/red-lista ]; do
    waited=$((waited + 1))
    [ "$waited" -lt 400 ] || { echo "la red del motor no llegó en 20 s" >&2; exit 1; }
    "$b" sleep 0.05
done
# slirp entrega en 10.0.2.100 lo que llega de fuera; docker-proxy escucha siempre en 127.0.0.1, también
# cuando el puerto se publicó solo ahí (-p 127.0.0.1:8080:80). En «all»: si slirp muere, su sucesor trae otro tap0.
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
iptables -t nat -I PREROUTING -i tap0 -d 10.0.2.100 -j DNAT --to-destination 127.0.0.1
while :; do
    smartdns -f -c /etc/smartdns.conf -p - >> /run/api/nombres.log 2>&1 || true
    "$b" sleep 0.3
done &
exec tini-static -s -- "$@"
