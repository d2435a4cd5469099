//! The border between Python and the port: texts in, texts out, and whether somebody holds something without a text.
//!
//! What a host sees is the package `tenure` in the folder `python`, whose types and methods are printed from the schemas
//! of the port. No call holds the interpreter while it waits; no panic comes out, for the port answers it as a fault.

use pyo3::prelude::*;

/// The compiled part of the package `tenure`.
#[pymodule]
mod _tenure {
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::Duration;

    use pyo3::prelude::*;
    use tenure_port::core::time::Timestamp;

    /// A handle on a store.
    #[pyclass(frozen, weakref, module = "tenure._tenure")]
    struct Handle(Arc<tenure_port::Handle>);

    /// What became of opening: a handle, or the answer that says why there is none.
    #[derive(IntoPyObject)]
    enum Opened {
        Handle(Handle),
        Bad(String),
    }

    /// Whether something is held: nothing where it is not, else by which grant and until when, in milliseconds since
    /// 1970; or the answer that says why that is not known.
    #[derive(IntoPyObject)]
    enum Held {
        No(Option<()>),
        Yes((Option<String>, Option<i64>)),
        Bad(String),
    }

    #[pymethods]
    impl Handle {
        #[staticmethod]
        fn open(py: Python<'_>, config: &str) -> Opened {
            match py.detach(|| tenure_port::Handle::open(config)) {
                Ok(handle) => Opened::Handle(Self(Arc::new(handle))),
                Err(bad) => Opened::Bad(bad.to_json()),
            }
        }

        fn call(&self, py: Python<'_>, json: &str) -> String {
            py.detach(|| self.0.call(json))
        }

        #[pyo3(signature = (person, integration, kind, name, permission, now))]
        #[expect(
            clippy::too_many_arguments,
            reason = "the question has as many parts, and a call by place is cheap"
        )]
        fn holds(
            &self,
            py: Python<'_>,
            person: &str,
            integration: &str,
            kind: &str,
            name: &str,
            permission: &str,
            now: Option<i64>,
        ) -> Held {
            let now = now.map(Timestamp::from_millis);
            match py.detach(|| self.0.holds(person, integration, kind, name, permission, now)) {
                Ok(verdict) if verdict.allowed => {
                    let grant = verdict.grant.map(|grant| grant.to_string());
                    Held::Yes((grant, verdict.until.map(Timestamp::millis)))
                }
                Ok(_) => Held::No(None),
                Err(bad) => Held::Bad(bad.to_json()),
            }
        }

        /// What a handle says that was closed before, or that is another process's, is no news to whoever closes it.
        fn close(&self, py: Python<'_>) {
            let _ = py.detach(|| self.0.close());
        }
    }

    /// Closes handles as the interpreter ends, when Python starts no thread any more: waits so long for the calls that
    /// are in flight, and no longer.
    #[pyfunction]
    fn close_all(py: Python<'_>, handles: Vec<Py<Handle>>, millis: u64) {
        let handles: Vec<_> = handles.iter().map(|handle| Arc::clone(&handle.get().0)).collect();
        py.detach(|| {
            let (closed, wait) = mpsc::channel();
            let closing = thread::Builder::new().spawn(move || {
                for handle in handles {
                    let _ = handle.close();
                }
                // Nobody waits any more where it took too long.
                let _ = closed.send(());
            });
            // A machine that has no thread to give is left as it is: each call still ends with an answer or a fault.
            if closing.is_ok() {
                let _ = wait.recv_timeout(Duration::from_millis(millis));
            }
        });
    }

    /// The version of the library.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
