//! How far a run is, on standard error: a bar on a terminal, a line every few seconds elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::stopwatch::Stopwatch;

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(5);

/// How far a run is.
pub struct Progress {
    bar: ProgressBar,
    watch: Stopwatch,
    /// Where there is no terminal: when the last line was written.
    told: Option<Duration>,
}

impl Progress {
    /// Of a run of so many calls; silent where nobody asked to see it.
    #[must_use]
    pub fn of(calls: u64, shown: bool) -> Self {
        let terminal = shown && std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(calls), target);
        let form = "{wide_bar} {human_pos} of {human_len} calls, {per_sec}, {eta} left";
        bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
        let told = (shown && !terminal).then_some(Duration::ZERO);
        Self { bar, watch: Stopwatch::started(), told }
    }

    /// So many calls are over.
    pub fn tell(&mut self, calls: u64) {
        self.bar.set_position(calls);
        let lap = self.watch.lap();
        if self.told.is_some_and(|told| lap >= told + PAUSE) {
            self.told = Some(lap);
            let left = self.bar.length().unwrap_or(calls).saturating_sub(calls);
            let rate = rate(calls, lap);
            let seconds = left.checked_div(rate).unwrap_or(0);
            eprintln!("{calls} calls, {rate} a second, about {seconds} s left");
        }
    }

    /// The run is over; how long it took.
    #[must_use]
    pub fn over(self) -> Duration {
        self.bar.finish_and_clear();
        self.watch.lap()
    }
}

/// Calls a second.
#[must_use]
pub fn rate(calls: u64, lap: Duration) -> u64 {
    let millis = u64::try_from(lap.as_millis()).unwrap_or(u64::MAX).max(1);
    calls.saturating_mul(1_000) / millis
}
