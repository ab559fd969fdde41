// attack: Calls the C library for new namespaces, mounts, tracing and another user.
// needs: system_calls=filtered
use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_long, c_ulong, c_void};

extern "C" {
    fn unshare(flags: c_int) -> c_int;
    fn mount(s: *const c_char, t: *const c_char, f: *const c_char, flags: c_ulong, data: *const c_void) -> c_int;
    fn ptrace(request: c_long, ...) -> c_long;
    fn setuid(uid: u32) -> c_int;
    fn chroot(path: *const c_char) -> c_int;
}

fn main() {
    let (kind, place) = (CString::new("tmpfs").unwrap(), CString::new("/tmp").unwrap());
    unsafe {
        if unshare(0x10000000) == 0 {
            println!("ESCAPED unshared");
        }
        if mount(kind.as_ptr(), place.as_ptr(), kind.as_ptr(), 0, std::ptr::null()) == 0 {
            println!("ESCAPED mounted");
        }
        if ptrace(16, 1, 0, 0) == 0 {
            println!("ESCAPED traced");
        }
        if setuid(0) == 0 {
            println!("ESCAPED became root");
        }
        if chroot(place.as_ptr()) == 0 {
            println!("ESCAPED changed its root");
        }
    }
    println!("tried");
}
