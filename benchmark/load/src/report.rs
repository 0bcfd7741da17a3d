//! The output: lines of JSON for the program that started this one.

use crate::echo::Tally;

pub(crate) const READY: &str = r#"{"event":"ready"}"#;

/// Returns the result as a line. `cpu_seconds` is the processor time of this process, if the system reports it.
pub(crate) fn result(tally: &Tally, cpu_seconds: Option<f64>) -> String {
    let seconds = tally.elapsed.as_secs_f64();
    let rate = tally.messages as f64 / seconds;
    let Tally {
        messages,
        wire_bytes,
        plain_bytes,
        compared,
        latencies,
        elapsed: _,
    } = tally;
    let [p50, p90, p99] = [50.0, 90.0, 99.0].map(|percent| latencies.percentile(percent));
    let max = latencies.max();
    let cpu = cpu_seconds.map_or("null".to_owned(), |seconds| format!("{seconds:.6}"));
    format!(
        r#"{{"event":"result","messages":{messages},"seconds":{seconds:.6},"messagesPerSecond":{rate:.1},"latency":{{"p50":{p50:.1},"p90":{p90:.1},"p99":{p99:.1},"max":{max:.1}}},"wireBytes":{wire_bytes},"plainBytes":{plain_bytes},"compared":{compared},"generatorCpuSeconds":{cpu}}}"#
    )
}

/// Returns the processor time of this process, which has one thread, so far. Linux only.
pub(crate) fn cpu_seconds() -> Option<f64> {
    let statistics = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: u64 = statistics.split(' ').next()?.parse().ok()?;
    Some(nanoseconds as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::latency::Latencies;

    #[test]
    fn a_result_is_one_line_of_json() {
        let mut latencies = Latencies::new();
        latencies.record(Duration::from_micros(100));
        let tally = Tally {
            messages: 1000,
            wire_bytes: 300,
            plain_bytes: 1200,
            compared: 10,
            latencies,
            elapsed: Duration::from_millis(500),
        };
        assert_eq!(
            result(&tally, Some(0.25)),
            r#"{"event":"result","messages":1000,"seconds":0.500000,"messagesPerSecond":2000.0,"latency":{"p50":100.0,"p90":100.0,"p99":100.0,"max":100.0},"wireBytes":300,"plainBytes":1200,"compared":10,"generatorCpuSeconds":0.250000}"#
        );
        assert!(result(&tally, None).ends_with(r#""generatorCpuSeconds":null}"#));
    }
}
