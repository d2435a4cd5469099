//! A wire between a host and its server that hears what goes over it, and that is cut at the moment that is named.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::spawn;

use tenure_postgres::cluster::Cluster;
use tenure_postgres::scratch::Database;

/// What becomes of the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears of it.
    Before,
    /// The server hears of it, and nobody hears the server any more.
    During,
    /// The server has said that it is done, and that is not heard.
    After,
    /// It waits until it is let go.
    Held,
}

#[derive(Default)]
struct Wire {
    cut: Mutex<Option<Cut>>,
    /// What was held was let go, or a commit is held: whoever waits for either looks again.
    moved: Condvar,
    holds: AtomicBool,
    /// Questions and statements, each of which the server answers.
    asked: AtomicU64,
    /// How often the host spoke after the server had.
    journeys: AtomicU64,
    answered: AtomicBool,
}

/// The wire, by its address on this machine.
pub(crate) struct Proxy {
    pub(crate) url: String,
    wire: Arc<Wire>,
}

impl Proxy {
    pub(crate) fn to(cluster: &Cluster, database: &Database) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("postgres://postgres@127.0.0.1:{port}/{}?sslmode=disable", database.name());
        let (wire, socket) = (Arc::new(Wire::default()), cluster.socket());
        let heard = wire.clone();
        spawn(move || {
            for host in listener.incoming() {
                let Ok(host) = host else { return };
                connected(host, &socket, &heard);
            }
        });
        Self { url, wire }
    }

    /// The next commit ends so.
    pub(crate) fn cut(&self, cut: Cut) {
        *self.wire.cut.lock().unwrap() = Some(cut);
    }

    /// Whether what was named has happened.
    pub(crate) fn is_cut(&self) -> bool {
        self.wire.cut.lock().unwrap().is_none()
    }

    /// Waits until a commit is held.
    pub(crate) fn held(&self) {
        let cut = self.wire.cut.lock().unwrap();
        let waits = |_: &mut Option<Cut>| !self.wire.holds.load(Ordering::SeqCst);
        let long = std::time::Duration::from_secs(20);
        let waited = self.wire.moved.wait_timeout_while(cut, long, waits).unwrap();
        assert!(!waited.1.timed_out(), "no commit came");
    }

    /// Lets go of what is held.
    pub(crate) fn let_go(&self) {
        self.wire.holds.store(false, Ordering::SeqCst);
        drop(self.wire.cut.lock().unwrap());
        self.wire.moved.notify_all();
    }

    /// What the server was asked since this was asked last, and in how many journeys.
    pub(crate) fn count(&self) -> (u64, u64) {
        (self.wire.asked.swap(0, Ordering::SeqCst), self.wire.journeys.swap(0, Ordering::SeqCst))
    }
}

fn connected(host: TcpStream, socket: &PathBuf, wire: &Arc<Wire>) {
    // Where the server is down there is nobody to lead to.
    let Ok(server) = UnixStream::connect(socket) else { return };
    host.set_nodelay(true).unwrap();
    let deaf = Arc::new(AtomicBool::new(false));
    let (from_host, to_server) = (host.try_clone().unwrap(), server.try_clone().unwrap());
    let (there, back) = (wire.clone(), wire.clone());
    let heard = deaf.clone();
    spawn(move || {
        let _ = asks(&from_host, &to_server, &there, &heard);
        // What the host has sent is answered to nobody, but it is done.
        let _ = to_server.shutdown(Shutdown::Write);
        let _ = from_host.shutdown(Shutdown::Both);
    });
    spawn(move || {
        let _ = answers(&server, &host, &back, &deaf);
        let _ = host.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// The end of the first whole message: a letter and a length, or at the beginning of all a length alone.
fn message(bytes: &[u8], first: bool) -> Option<usize> {
    let skipped = usize::from(!first);
    let length = bytes.get(skipped..skipped + 4)?;
    let end = skipped + usize::try_from(u32::from_be_bytes(length.try_into().unwrap())).unwrap();
    (end <= bytes.len()).then_some(end)
}

fn asks(host: &TcpStream, server: &UnixStream, wire: &Wire, deaf: &AtomicBool) -> std::io::Result<()> {
    let (mut host, mut server) = (host, server);
    let (mut bytes, mut first, mut some) = (Vec::new(), true, [0; 65_536]);
    loop {
        let read = host.read(&mut some)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&some[..read]);
        if wire.answered.swap(false, Ordering::SeqCst) {
            wire.journeys.fetch_add(1, Ordering::SeqCst);
        }
        let mut whole = 0;
        while let Some(end) = message(&bytes[whole..], first) {
            let said = &bytes[whole..whole + end];
            wire.asked.fetch_add(u64::from(!first && matches!(said[0], b'S' | b'Q')), Ordering::SeqCst);
            if !first && said.starts_with(b"Q") && said[5..].starts_with(b"COMMIT") {
                server.write_all(&bytes[..whole])?;
                bytes.drain(..whole);
                whole = 0;
                match commits(wire) {
                    Some(Cut::Before) => return Ok(()),
                    Some(Cut::During) => {
                        deaf.store(true, Ordering::SeqCst);
                        let sent = server.write_all(&bytes[..end]);
                        host.shutdown(Shutdown::Both)?;
                        return sent;
                    }
                    Some(Cut::After | Cut::Held) | None => {}
                }
            }
            whole += end;
            first = false;
        }
        server.write_all(&bytes[..whole])?;
        bytes.drain(..whole);
    }
}

/// What becomes of this commit, once it may go.
fn commits(wire: &Wire) -> Option<Cut> {
    let mut cut = wire.cut.lock().unwrap();
    match *cut {
        // The other side sees to that.
        Some(Cut::After) => return None,
        Some(Cut::Held) => {
            wire.holds.store(true, Ordering::SeqCst);
            wire.moved.notify_all();
            *cut = None;
            drop(wire.moved.wait_while(cut, |_| wire.holds.load(Ordering::SeqCst)).unwrap());
            return None;
        }
        Some(Cut::Before | Cut::During) | None => {}
    }
    cut.take()
}

fn answers(server: &UnixStream, host: &TcpStream, wire: &Wire, deaf: &AtomicBool) -> std::io::Result<()> {
    let (mut server, mut host) = (server, host);
    let (mut bytes, mut some) = (Vec::new(), [0; 65_536]);
    loop {
        let read = server.read(&mut some)?;
        if read == 0 {
            return Ok(());
        }
        if deaf.load(Ordering::SeqCst) {
            continue;
        }
        bytes.extend_from_slice(&some[..read]);
        let mut whole = 0;
        while let Some(end) = message(&bytes[whole..], false) {
            if bytes[whole..].starts_with(b"C") && bytes[whole + 5..].starts_with(b"COMMIT") {
                let mut cut = wire.cut.lock().unwrap();
                if *cut == Some(Cut::After) {
                    *cut = None;
                    return Ok(());
                }
            }
            whole += end;
        }
        wire.answered.store(true, Ordering::SeqCst);
        host.write_all(&bytes[..whole])?;
        bytes.drain(..whole);
    }
}
