// attack: Starts threads without end.
// needs: leftovers=none
// ends: program|memory
use std::thread;
use std::time::Duration;

fn main() {
    let mut kept = Vec::new();
    while let Ok(one) = thread::Builder::new().spawn(|| thread::sleep(Duration::from_secs(30))) {
        kept.push(one);
        if kept.len() > 200 {
            println!("ESCAPED with {} threads", kept.len());
            break;
        }
    }
    println!("tried");
    std::process::exit(0);
}
