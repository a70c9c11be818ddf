# Segundo programa de la máquina del motor embebido (lo llama /arranque, ya con proc, /run y /run/api).
# /run/api es la carpeta de ejecución del anfitrión: de ahí llegan «entorno» y las claves, y ahí va el registro.
# Dice en qué fase está por la consola y obedece lo que lee de ella: «red» y «apagar».
b=/usr/bin/busybox
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
. /run/api/entorno

fail() {
    echo "error: $1"
    $b sleep 0.2
    $b poweroff -f
}

connect() {
    $b ip link set vec0 down
    $b ip link set vec0 master docker0
    $b ip link set vec0 up
    $b ip route replace default via 10.0.2.2
}

$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev 2>/dev/null
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs shm /dev/shm
$b mount -t tmpfs tmp /tmp
$b mount -t cgroup2 cgroup /sys/fs/cgroup
modules=/usr/lib/uml/modules/$($b uname -r)/kernel
for module in fs/overlayfs/overlay drivers/net/veth net/llc/llc net/802/stp net/bridge/bridge; do
    $b insmod "$modules/$module.ko" || fail "el núcleo no pudo cargar $module"
done

# Sin barreras: lo escrito pasa enseguida al anfitrión, que lo conserva aunque esta máquina muera.
$b mount -t ext4 -o noatime,nobarrier,discard,noinit_itable /dev/ubda /data || fail "el disco de datos no se pudo abrir"
resize2fs /dev/ubda > /run/api/crecer.log 2>&1
# Compartidos entre el motor y sus contenedores (-v /x:/y:rshared), como los pone systemd.
$b mount --make-rshared /
echo "fase: red"

$b ip link set lo up
$b ip link add docker0 type bridge
$b ip addr add 10.0.2.100/24 dev docker0
$b ip link set docker0 up
connect
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv4/conf/docker0/proxy_arp
echo "$PORTS" > /proc/sys/net/ipv4/ip_local_port_range
echo "nameserver 10.0.2.100" > /run/resolv.conf
echo "fase: dockerd"

# Con un solo procesador, Go entrega cada llamada lenta a otro hilo; con 2 no.
export GOMAXPROCS=2
engine() {
    while [ ! -e /run/apagando ]; do
        dockerd --data-root /data/docker --exec-root /run/docker --pidfile /run/docker.pid \
            -H unix:///run/docker.sock -H tcp://10.0.2.100:2376 \
            --tlsverify --tlscacert /run/api/api.crt --tlscert /run/api/api.crt --tlskey /run/api/api.key \
            --bridge docker0 --fixed-cidr 10.0.2.128/25 --default-gateway 10.0.2.2 --dns 10.0.2.100 \
            --iptables=false --ip6tables=false --ip-masq=false --shutdown-timeout 5 $DOCKERD_OPTIONS \
            >> /run/api/dockerd.log 2>&1
        $b rm -f /run/docker.pid
        $b sleep 0.3
    done
}
while [ ! -e /run/apagando ]; do
    smartdns -f -c /etc/smartdns.conf -p - >> /run/api/nombres.log 2>&1
    $b sleep 0.3
done &
engine &
engine=$!

while read -r order; do
    case "$order" in
        red) connect ;;
        apagar) break ;;
    esac
done

: > /run/apagando
($b sleep 15; $b sync; $b poweroff -f) &  # si algo no quiere morir, 15 s y se acabó
if [ -e /run/docker.pid ] && $b kill "$($b cat /run/docker.pid)"; then
    ($b sleep 3; for group in /sys/fs/cgroup/docker/*/cgroup.kill; do echo 1 > "$group"; done 2>/dev/null) &
    wait $engine
fi
echo "fase: apagando"
$b sync
for try in 1 2 3 4 5 6 7 8 9 10; do
    $b umount /data 2>/dev/null && break
    $b sleep 0.1
done
$b poweroff -f
