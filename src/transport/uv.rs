//! libuv's functions, found in the process that has loaded the addon.
//!
//! Knows the few functions that watch one descriptor. It looks them up at run time, so the addon also loads in a
//! process without them. Does not know the purpose of the descriptor.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::marker::PhantomData;
use std::mem::transmute;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::OnceLock;

/// A `uv_loop_t`. Its layout is unknown.
#[repr(C)]
pub(crate) struct Loop {
    _opaque: [u8; 0],
}

/// A `uv_poll_t`. Its layout is unknown.
#[repr(C)]
pub(crate) struct Handle {
    _opaque: [u8; 0],
}

type PollInit = unsafe extern "C" fn(*mut Loop, *mut Handle, c_int) -> c_int;
type PollStart = unsafe extern "C" fn(*mut Handle, c_int, OnReady) -> c_int;
type Close = unsafe extern "C" fn(*mut Handle, OnClose);
type Change = unsafe extern "C" fn(*mut Handle);
type HandleSize = unsafe extern "C" fn(c_uint) -> usize;
type SetData = unsafe extern "C" fn(*mut Handle, *mut c_void);
type GetData = unsafe extern "C" fn(*const Handle) -> *mut c_void;
type OnReady = unsafe extern "C" fn(*mut Handle, c_int, c_int);
type OnClose = unsafe extern "C" fn(*mut Handle);

/// The functions of libuv.
#[derive(Clone, Copy)]
pub(crate) struct Uv {
    poll_init: PollInit,
    poll_start: PollStart,
    close: Close,
    reference: Change,
    unreference: Change,
    handle_size: HandleSize,
    set_data: SetData,
    get_data: GetData,
}

impl Uv {
    /// Returns the functions. Returns None if the process has no libuv, or hides it.
    pub(crate) fn find() -> Option<Self> {
        static FOUND: OnceLock<Option<Uv>> = OnceLock::new();
        *FOUND.get_or_init(Self::look_up)
    }

    fn look_up() -> Option<Self> {
        // SAFETY: each name is that of a function in libuv's stable interface (uv.h of libuv 1.19 and later), and its
        // signature is the type of the field; a function pointer has the size of a pointer.
        unsafe {
            Some(Self {
                poll_init: transmute::<*mut c_void, PollInit>(symbol(c"uv_poll_init")?),
                poll_start: transmute::<*mut c_void, PollStart>(symbol(c"uv_poll_start")?),
                close: transmute::<*mut c_void, Close>(symbol(c"uv_close")?),
                reference: transmute::<*mut c_void, Change>(symbol(c"uv_ref")?),
                unreference: transmute::<*mut c_void, Change>(symbol(c"uv_unref")?),
                handle_size: transmute::<*mut c_void, HandleSize>(symbol(c"uv_handle_size")?),
                set_data: transmute::<*mut c_void, SetData>(symbol(c"uv_handle_set_data")?),
                get_data: transmute::<*mut c_void, GetData>(symbol(c"uv_handle_get_data")?),
            })
        }
    }
}

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the name ends with NUL, and looking up a symbol has no precondition.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

/// A descriptor that an event loop watches for reading. The watch calls `T::ready` until it is dropped.
pub(crate) struct Watch<T: Ready> {
    uv: Uv,
    handle: NonNull<Handle>,
    _target: PhantomData<T>,
}

/// The target of a watch.
pub(crate) trait Ready: 'static {
    /// Handles a readable descriptor. Runs on the loop's thread, with no JavaScript on the stack.
    fn ready(&self);
}

impl<T: Ready> Watch<T> {
    /// Starts watching. The handle does not keep the loop alive.
    ///
    /// # Safety
    /// `event_loop` is a live `uv_loop_t` of this thread and stays so until the watch is dropped, which
    /// happens on this thread; the descriptor stays open until then.
    pub(crate) unsafe fn new(
        uv: Uv,
        event_loop: NonNull<Loop>,
        descriptor: c_int,
        target: Rc<T>,
    ) -> Option<Self> {
        // SAFETY: any memory of the size that libuv states, suitably aligned, can become a handle. Only `on_close`
        // frees it, after libuv has closed it.
        unsafe {
            let size = (uv.handle_size)(UV_POLL);
            let handle = NonNull::new(libc::calloc(1, size).cast::<Handle>())?;
            if (uv.poll_init)(event_loop.as_ptr(), handle.as_ptr(), descriptor) != 0 {
                libc::free(handle.as_ptr().cast());
                return None;
            }
            let target = Rc::into_raw(target);
            (uv.set_data)(handle.as_ptr(), target.cast_mut().cast());
            let watch = Self {
                uv,
                handle,
                _target: PhantomData,
            };
            (uv.unreference)(handle.as_ptr());
            let started = (uv.poll_start)(handle.as_ptr(), UV_READABLE, on_ready::<T>);
            (started == 0).then_some(watch)
        }
    }

    /// Sets whether the watch keeps the loop alive.
    pub(crate) fn keep_alive(&self, keep: bool) {
        let change = if keep {
            self.uv.reference
        } else {
            self.uv.unreference
        };
        // SAFETY: the handle is initialised, and closed only by `drop`.
        unsafe { change(self.handle.as_ptr()) }
    }
}

impl<T: Ready> Drop for Watch<T> {
    fn drop(&mut self) {
        // SAFETY: the handle is initialised and has not been closed. From here on, libuv calls only `on_close`.
        unsafe { (self.uv.close)(self.handle.as_ptr(), on_close::<T>) }
    }
}

unsafe extern "C" fn on_ready<T: Ready>(handle: *mut Handle, _status: c_int, _events: c_int) {
    let Some(uv) = Uv::find() else { return };
    // SAFETY: the data of an open handle is the target that it was created with, and the handle owns one count of it.
    // Another count keeps the target alive during the call, even if the call drops the watch.
    let target = unsafe {
        let target = (uv.get_data)(handle).cast::<T>().cast_const();
        Rc::increment_strong_count(target);
        Rc::from_raw(target)
    };
    // No panic may reach libuv. The target handles its own panics; this one comes from that handling.
    let _ = catch_unwind(AssertUnwindSafe(|| target.ready()));
}

unsafe extern "C" fn on_close<T: Ready>(handle: *mut Handle) {
    let Some(uv) = Uv::find() else { return };
    // SAFETY: the handle owned this count of its target, and is closed once. Its memory is ours again.
    unsafe {
        drop(Rc::from_raw((uv.get_data)(handle).cast::<T>().cast_const()));
        libc::free(handle.cast());
    }
}

/// `uv_handle_type`.
const UV_POLL: c_uint = 8;
/// `uv_poll_event`.
const UV_READABLE: c_int = 1;
