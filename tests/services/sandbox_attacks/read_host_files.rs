// attack: Reads and writes the host's files.
// needs: host_files=hidden|closed
use std::fs;

fn main() {
    for place in ["/etc/shadow", "/etc/passwd", "@SECRET_FILE@", "/proc/1/environ"] {
        if fs::read(place).map(|content| !content.is_empty()).unwrap_or(false) {
            println!("ESCAPED read {}", place);
        }
    }
    for place in ["/etc/new", "/usr/new", "@SECRET_FILE@.new", "/var/tmp/new"] {
        if fs::write(place, "x").is_ok() {
            println!("ESCAPED wrote {}", place);
        }
    }
    println!("tried");
}
