// attack: Leaves a child that ignores hang-ups behind.
// needs: leftovers=none
use std::process::{Command, Stdio};

fn main() {
    let _ = Command::new("nohup").args(["sleep", "@MARK@"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let _ = Command::new("setsid").args(["sleep", "@MARK@"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    println!("tried");
}
