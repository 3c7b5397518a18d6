//! What was measured, a line of JSON each: the one shape that every driver hands to the table. It must not know what is
//! measured.

use serde_json::{Value, json};
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What stops a run.
pub type Fault = Box<dyn Error + Send + Sync>;
pub type Outcome<T> = Result<T, Fault>;

/// Where what is measured goes, and of how many entries it is.
pub struct Report {
    pub path: PathBuf,
    pub entries: u64,
}

/// What is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Less,
    More,
}

impl Report {
    /// Hands over one figure: of which row, of whom, how much of what, and how that peer was set.
    pub fn tell(&self, row: &str, who: &str, figure: Figure, how: &str) -> Outcome<()> {
        let Figure { value, p99, unit, better } = figure;
        let better = if better == Better::Less { "less" } else { "more" };
        let line = json!({
            "row": row, "who": who, "entries": self.entries, "value": value, "p99": p99, "unit": unit,
            "better": better, "how": how,
        });
        self.append(&line)
    }

    fn append(&self, line: &Value) -> Outcome<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        eprintln!("measured {line}");
        Ok(())
    }
}

/// One figure; of a time the median.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    value: f64,
    p99: Option<f64>,
    unit: &'static str,
    better: Better,
}

impl Figure {
    /// A number of which less is better.
    pub fn less(value: f64, unit: &'static str) -> Self {
        Self { value, p99: None, unit, better: Better::Less }
    }

    /// A rate a second.
    pub fn rate(count: u64, time: Duration, unit: &'static str) -> Self {
        Self { value: count as f64 / time.as_secs_f64(), p99: None, unit, better: Better::More }
    }

    /// The median of times in seconds; with the 99th percentile where there are many.
    pub fn times(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "something was timed");
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64();
        let p99 = (times.len() >= 100).then(|| at(99));
        Self { value: at(50), p99, unit: "s", better: Better::Less }
    }
}

pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let out = work();
    (start.elapsed(), out)
}

/// The times of some turns of the same work, and what the last of them gave.
pub fn turns<T>(count: usize, mut work: impl FnMut() -> Outcome<T>) -> Outcome<(Vec<Duration>, T)> {
    let (first, mut last) = timed(&mut work);
    let mut times = vec![first];
    for _ in 1..count {
        let (time, out) = timed(&mut work);
        times.push(time);
        last = out;
    }
    Ok((times, last?))
}
