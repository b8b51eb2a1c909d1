//! What Fargate takes and what it refuses: pure rules that every service in front of Fargate shares.
//!
//! Source: Amazon ECS Developer Guide, "Task definition differences for Fargate" and "Task CPU and memory".

/// GiB that a Fargate task has when it asks for nothing.
pub const DEFAULT_EPHEMERAL_STORAGE_GIB: u32 = 20;
/// What `ephemeralStorage` may ask for.
pub const EPHEMERAL_STORAGE_GIB: std::ops::RangeInclusive<i32> = 21..=200;
/// The one capability that a Fargate container may add.
pub const ADDABLE_CAPABILITIES: [&str; 1] = ["SYS_PTRACE"];
/// The kernel parameters that `systemControls` may set on Fargate lie under these.
pub const SYSTEM_CONTROL_PREFIXES: [&str; 4] = ["net.", "kernel.msg", "kernel.shm", "kernel.sem"];
/// Processes that one Fargate task may have; not published by AWS, and far above what its sizes carry.
pub const PIDS_LIMIT: u32 = 32_768;

/// One row of the table of sizes: CPU units, and the MiB that go with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub cpu_units: u32,
    pub min_mib: u32,
    pub max_mib: u32,
    /// Distance between permitted values; 0: each value is twice the one before.
    pub step_mib: u32,
}

const fn size(cpu_units: u32, min_mib: u32, max_mib: u32, step_mib: u32) -> Size {
    Size { cpu_units, min_mib, max_mib, step_mib }
}

/// Every size that Fargate has.
pub const SIZES: [Size; 7] = [
    size(256, 512, 2048, 0),
    size(512, 1024, 4096, 1024),
    size(1024, 2048, 8192, 1024),
    size(2048, 4096, 16_384, 1024),
    size(4096, 8192, 30_720, 1024),
    size(8192, 16_384, 61_440, 4096),
    size(16_384, 32_768, 122_880, 8192),
];

/// Whether Fargate has this pair.
pub fn is_size(cpu_units: u32, memory_mib: u32) -> bool {
    SIZES.iter().any(|s| {
        let in_range = s.cpu_units == cpu_units && (s.min_mib..=s.max_mib).contains(&memory_mib);
        let steps = memory_mib.checked_sub(s.min_mib);
        in_range
            && if s.step_mib == 0 {
                memory_mib.is_multiple_of(s.min_mib) && (memory_mib / s.min_mib).is_power_of_two()
            } else {
                steps.is_some_and(|above| above.is_multiple_of(s.step_mib))
            }
    })
}

/// CPU units of `256`, `.25 vCPU`, `1 vcpu`; `None` if it is neither form.
pub fn parse_cpu(text: &str) -> Option<u32> {
    parse_quantity(text, "vcpu")
}

/// MiB of `512`, `1 GB`, `0.5GB`; `None` if it is neither form.
pub fn parse_memory(text: &str) -> Option<u32> {
    parse_quantity(text, "gb")
}

fn parse_quantity(text: &str, unit: &str) -> Option<u32> {
    let text = text.trim();
    if text.len() > 32 || !text.is_ascii() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix(unit) {
        None => lower.parse().ok(),
        Some(number) => {
            let number = number.trim();
            if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                return None;
            }
            let units = number.parse::<f64>().ok()? * 1024.0;
            (units.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&units)).then_some(units as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_74_sizes() {
        let count: usize = SIZES
            .iter()
            .map(|s| (s.min_mib..=s.max_mib).step_by(256).filter(|m| is_size(s.cpu_units, *m)).count())
            .sum();
        assert_eq!(count, 74);
    }

    #[test]
    fn edges_of_the_table() {
        for (cpu, memory, holds) in [
            (256, 512, true),
            (256, 1024, true),
            (256, 1536, false),
            (256, 2048, true),
            (256, 4096, false),
            (256, 5120, false),
            (512, 512, false),
            (512, 4096, true),
            (1024, 2560, false),
            (1024, 9216, false),
            (4096, 30_720, true),
            (8192, 17_408, false),
            (8192, 20_480, true),
            (16_384, 36_864, false),
            (16_384, 40_960, true),
            (32_768, 65_536, false),
            (0, 0, false),
        ] {
            assert_eq!(is_size(cpu, memory), holds, "{cpu}/{memory}");
        }
    }

    #[test]
    fn quantities_in_both_forms() {
        for (text, units) in [
            ("256", Some(256)),
            (".25 vCPU", Some(256)),
            ("0.5 vcpu", Some(512)),
            ("1vCPU", Some(1024)),
            ("16 vCPU", Some(16_384)),
            ("", None),
            ("vCPU", None),
            ("-1", None),
            ("1e3 vCPU", None),
            ("one", None),
            ("0.3 vCPU", None),
            ("99999999999", None),
        ] {
            assert_eq!(parse_cpu(text), units, "{text}");
        }
        assert_eq!(parse_memory("0.5GB"), Some(512));
        assert_eq!(parse_memory("30 GB"), Some(30_720));
        assert_eq!(parse_memory("512"), Some(512));
    }
}
