//! A step that hangs ends: it is told which one it was and how it stood, before whoever runs the whole gives up on it
//! without a word.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The longest that a step may take: more than twice what the longest one does on two cores that have other work.
pub(crate) const LONGEST: Duration = Duration::from_secs(40 * 60);

/// A program that may run for so long.
pub(crate) struct Deadline {
    ended: Sender<()>,
    watch: JoinHandle<bool>,
}

impl Deadline {
    /// After `longest` it is ended, with all that it has started.
    pub(crate) fn of(child: &Child, longest: Duration) -> Self {
        let pid = child.id();
        let (ended, end) = mpsc::channel();
        let watch = thread::spawn(move || {
            let over = end.recv_timeout(longest) == Err(RecvTimeoutError::Timeout);
            if over {
                println!("  took longer than {} s, and is ended: it hangs", longest.as_secs());
                kill(pid);
            }
            over
        });
        Self { ended, watch }
    }

    /// The program has ended; whether by itself.
    pub(crate) fn kept(self) -> bool {
        let Self { ended, watch } = self;
        drop(ended);
        watch.join().is_ok_and(|over| !over)
    }
}

/// Ends a program and what it has started. What their parents wait for may hold on to a pipe: all go together.
fn kill(pid: u32) {
    let all = with_descendants(pid);
    let words = all.iter().map(u32::to_string);
    let _ = Command::new("kill").arg("-KILL").args(words).stdin(Stdio::null()).stderr(Stdio::null()).status();
}

/// Where the system does not tell who started whom, it is the program alone.
fn with_descendants(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let child = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Some((child, parent(child)?))
        })
        .collect();
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(&parent) = all.get(next) {
        all.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    all
}

/// The second field after the name, which may itself have anything in it, and stands in brackets.
fn parent(pid: u32) -> Option<u32> {
    let told = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    told.get(told.rfind(')')? + 1..)?.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn shell(words: &str) -> Child {
        Command::new("sh").args(["-c", words]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
    }

    #[test]
    fn what_ends_by_itself_keeps_its_deadline() {
        let mut child = shell("true");
        let deadline = Deadline::of(&child, LONGEST);
        assert!(child.wait().unwrap().success());
        assert!(deadline.kept());
    }

    /// The child of the child holds the pipe open: were it left, nobody would read to the end.
    #[test]
    fn what_hangs_ends_with_all_that_it_started() {
        let mut child = shell("sleep 3600 & wait");
        let deadline = Deadline::of(&child, Duration::from_millis(200));
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(!deadline.kept());
    }
}
