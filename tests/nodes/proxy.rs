//! What lies between a server and its database, and can be told to fail.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// What it does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Passes everything on.
    None,
    /// The next commit is not passed on, and its connection ends.
    SwallowCommit,
    /// The next commit is passed on, its answer is not, and its connection ends.
    CutAfterCommit,
    /// As [`Fault::CutAfterCommit`], and nothing gets through from then on.
    CutAfterCommitForGood,
    /// As [`Fault::SwallowCommit`], but only the node's end of the connection ends: the server is told nothing.
    OrphanCommit,
    /// Nothing comes through, nobody is told.
    Silent,
    /// Connections are ended as soon as they are made.
    Refuse,
}

struct State {
    fault: Mutex<Fault>,
    ended: AtomicBool,
    commits: AtomicUsize,
    orphans: Mutex<Vec<UnixStream>>,
}

/// A proxy on a port of loopback, to a Unix socket.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

impl Proxy {
    pub(crate) fn to(directory: &Path) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            fault: Mutex::new(Fault::None),
            ended: AtomicBool::new(false),
            commits: AtomicUsize::new(0),
            orphans: Mutex::default(),
        };
        let state = Arc::new(state);
        let (accepting, socket) = (Arc::clone(&state), directory.join(".s.PGSQL.5432"));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.ended.load(Ordering::SeqCst) {
                    break;
                }
                let (state, socket) = (Arc::clone(&accepting), socket.clone());
                std::thread::spawn(move || state.connect(&client, &socket));
            }
        });
        Proxy { port, state }
    }

    /// The address of a database behind it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://tester@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    pub(crate) fn set(&self, fault: Fault) {
        *self.state.fault.lock().unwrap() = fault;
    }

    /// How many commits were sent by the node so far, passed on or not.
    pub(crate) fn commits(&self) -> usize {
        self.state.commits.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        // so that it looks
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

impl State {
    /// Waits while nothing comes through; whether the connection may go on.
    fn passes(&self) -> bool {
        loop {
            if self.ended.load(Ordering::SeqCst) {
                return false;
            }
            match *self.fault.lock().unwrap() {
                Fault::Silent => {}
                Fault::Refuse => return false,
                _ => return true,
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn connect(self: Arc<State>, client: &TcpStream, socket: &PathBuf) {
        let server = if self.passes() { UnixStream::connect(socket).ok() } else { None };
        let Some(server) = server else {
            drop(client.shutdown(Shutdown::Both));
            return;
        };
        client.set_nodelay(true).unwrap();
        let muted = Arc::new(AtomicBool::new(false));
        let (answered, hears) = std::sync::mpsc::channel();
        let (state, mute, mut from, mut to) =
            (Arc::clone(&self), Arc::clone(&muted), server.try_clone().unwrap(), client.try_clone().unwrap());
        let back = std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                let _ = answered.send(());
                if !mute.load(Ordering::SeqCst) && (!state.passes() || to.write_all(&bytes[..count]).is_err()) {
                    break;
                }
            }
            drop(to.shutdown(Shutdown::Both));
        });
        let orphan = self.forward(client, &server, || {
            muted.store(true, Ordering::SeqCst);
            while hears.try_recv().is_ok() {}
            &hears
        });
        drop(client.shutdown(Shutdown::Both));
        if orphan {
            self.orphans.lock().unwrap().push(server);
        } else {
            drop(server.shutdown(Shutdown::Both));
            back.join().unwrap();
        }
    }

    /// Passes on message by message until it ends; whether the server's end is to be kept.
    fn forward<'h>(
        &self,
        mut client: &TcpStream,
        mut server: &UnixStream,
        mute: impl Fn() -> &'h std::sync::mpsc::Receiver<()>,
    ) -> bool {
        let (mut bytes, mut waiting, mut begun) = ([0; 16 * 1024], Vec::new(), false);
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            waiting.extend_from_slice(&bytes[..count]);
            while let Some(length) = message(&waiting, begun) {
                begun = true;
                let message: Vec<u8> = waiting.drain(..length).collect();
                if !self.passes() {
                    return false;
                }
                let mut fault = Fault::None;
                if message.first() == Some(&b'Q') && message.get(5..) == Some(b"commit\0") {
                    self.commits.fetch_add(1, Ordering::SeqCst);
                    let mut armed = self.fault.lock().unwrap();
                    fault = *armed;
                    *armed = if fault == Fault::CutAfterCommitForGood { Fault::Refuse } else { Fault::None };
                }
                match fault {
                    Fault::SwallowCommit => return false,
                    Fault::OrphanCommit => return true,
                    Fault::CutAfterCommit | Fault::CutAfterCommitForGood => {
                        let hears = mute();
                        server.write_all(&message).unwrap();
                        hears.recv_timeout(Duration::from_secs(10)).expect("the commit is answered");
                        return false;
                    }
                    _ => {}
                }
                if server.write_all(&message).is_err() {
                    return false;
                }
            }
        }
        false
    }
}

/// How long the first message is, if it is there whole; the very first of a connection has no kind.
fn message(bytes: &[u8], begun: bool) -> Option<usize> {
    let at = usize::from(begun);
    let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().unwrap());
    let whole = at + usize::try_from(length).unwrap();
    (bytes.len() >= whole).then_some(whole)
}
