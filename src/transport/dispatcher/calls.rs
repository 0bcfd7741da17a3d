//! Calls from the dispatcher to JavaScript, through references to its functions.
//!
//! Knows N-API. Does not know the meaning of the values.

use std::cell::Cell;
use std::ptr::null_mut;

use napi::{Error, Result, Status, sys};

use super::Dispatcher;

impl Dispatcher {
    /// Calls a JavaScript function of the dispatcher, then runs ticks and promises. Returns false if it has thrown.
    /// No asynchronous context surrounds the call: each connection has its own, and after an exception Node calls the
    /// `after` hooks of a surrounding context twice.
    pub(super) fn call(
        &self,
        function: &Cell<sys::napi_ref>,
        arguments: &[sys::napi_value],
    ) -> bool {
        // SAFETY: `new` created the references. They are deleted only when the dispatcher is closed, which `ready`
        // and `deliver` check. The arguments are handles of the open scope. No RefCell of ours is borrowed:
        // JavaScript may call every method.
        unsafe {
            let (receiver, callee) = self.callee(function);
            let mut result = null_mut();
            let status = sys::napi_make_callback(
                self.env,
                null_mut(),
                receiver,
                callee,
                arguments.len(),
                arguments.as_ptr(),
                &mut result,
            );
            if status != sys::Status::napi_pending_exception {
                return true;
            }
            let mut exception = null_mut();
            sys::napi_get_and_clear_last_exception(self.env, &mut exception);
            sys::napi_fatal_exception(self.env, exception);
            false
        }
    }

    /// Passes a part of a batch to `collect`. Runs no code of the application, and no ticks.
    pub(super) fn hand_over(&self, part: &[sys::napi_value]) {
        // SAFETY: as in `call`.
        unsafe {
            let (receiver, callee) = self.callee(&self.collect);
            let (length, values) = (part.len(), part.as_ptr());
            sys::napi_call_function(self.env, receiver, callee, length, values, null_mut());
        }
    }

    /// Returns the receiver and a function.
    ///
    /// # Safety
    ///
    /// The environment is alive, the dispatcher is not closed, and a scope is open.
    unsafe fn callee(&self, function: &Cell<sys::napi_ref>) -> (sys::napi_value, sys::napi_value) {
        let (mut receiver, mut callee) = (null_mut(), null_mut());
        // SAFETY: guaranteed by the caller; `new` created the references.
        unsafe {
            sys::napi_get_reference_value(self.env, self.receiver.get(), &mut receiver);
            sys::napi_get_reference_value(self.env, function.get(), &mut callee);
        }
        (receiver, callee)
    }

    /// Releases the references to JavaScript's objects. Not called during a batch.
    pub(super) fn release(&self) {
        let env = self.env;
        for reference in [
            &self.collect,
            &self.dispatch,
            &self.continue_batch,
            &self.receiver,
        ] {
            let reference = reference.replace(null_mut());
            if !reference.is_null() {
                // SAFETY: the environment is alive; `new` created the reference, and it is not used again.
                unsafe { sys::napi_delete_reference(env, reference) };
            }
        }
    }
}

pub(super) fn reference(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_ref> {
    let mut reference = null_mut();
    // SAFETY: the environment and the value are those of the running call.
    let status = unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    checked(status).map(|()| reference)
}

pub(super) fn checked(status: sys::napi_status) -> Result<()> {
    if status == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(Error::new(
            Status::from(status),
            "The native transport cannot start: a call of N-API has failed",
        ))
    }
}
