// attack: Talks without end from a child.
// needs: time=limited
// ends: output
use std::process::Command;

fn main() {
    let _ = Command::new("sh").args(["-c", "yes & yes >&2 & wait"]).status();
}
