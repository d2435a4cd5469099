//! A mail server that keeps what it is given.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One message as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) to: String,
    pub(crate) raw: String,
}

impl Message {
    /// The header lines, continuations joined.
    pub(crate) fn headers(&self) -> Vec<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap();
        head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let found: Vec<_> = self
            .headers()
            .into_iter()
            .filter_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
            .collect();
        assert_eq!(found.len(), 1, "`{name}` stands there once: {}", self.raw);
        found[0].clone()
    }

    pub(crate) fn body(&self) -> &str {
        self.raw.split_once("\r\n\r\n").unwrap().1
    }
}

#[derive(Clone, Default)]
pub(crate) struct Sink {
    got: Arc<Mutex<Vec<Message>>>,
    /// Who is refused, and with which code.
    pub(crate) refuses: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Sink {
    /// Serves on a port of this machine until the test is over.
    pub(crate) fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                sink.serve(stream);
            }
        });
        port
    }

    pub(crate) fn got(&self) -> Vec<Message> {
        self.got.lock().unwrap().clone()
    }

    fn serve(&self, stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let say = |line: &str| (&stream).write_all(format!("{line}\r\n").as_bytes());
        say("220 sink").unwrap();
        let mut to = String::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end();
            let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
            match verb.as_str() {
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap().to_owned();
                    let refused = self.refuses.lock().unwrap().iter().find(|(who, _)| *who == to).cloned();
                    let answer = refused.map_or("250 ok".to_owned(), |(_, code)| format!("{code} not here"));
                    say(&answer).unwrap();
                }
                "DATA" => {
                    say("354 go on").unwrap();
                    let raw = data(&mut lines);
                    self.got.lock().unwrap().push(Message { to: to.clone(), raw });
                    say("250 kept").unwrap();
                }
                "QUIT" => {
                    let _ = say("221 bye");
                    return;
                }
                _ => say("250 ok").unwrap(),
            }
        }
    }
}

fn data(lines: &mut impl BufRead) -> String {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if line == ".\r\n" {
            return raw;
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
