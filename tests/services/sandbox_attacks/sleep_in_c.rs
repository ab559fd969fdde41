// attack: Sleeps with every signal blocked.
// needs: time=limited
// ends: time
// timeout: 5
use std::os::raw::c_int;

extern "C" {
    fn sigfillset(set: *mut u64) -> c_int;
    fn sigprocmask(how: c_int, set: *const u64, old: *mut u64) -> c_int;
}

fn main() {
    let mut every = [0u64; 16];
    unsafe {
        sigfillset(every.as_mut_ptr());
        sigprocmask(0, every.as_ptr(), std::ptr::null_mut());
    }
    loop {
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}
