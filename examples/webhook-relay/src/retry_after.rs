//! The header `Retry-After` (RFC 9110, 10.2.3).

const SECOND: i64 = 1_000;
const SHORTEST: i64 = SECOND;
const LONGEST: i64 = 3_600 * SECOND;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long to wait, from one second to one hour: an endpoint decides when the next attempt is, and
/// not how many there are in a second. None for a text that is neither a number of seconds nor a date.
pub fn milliseconds(header: &str, now_ms: i64) -> Option<u64> {
    let header = header.trim();
    let wait = if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        header.parse::<i64>().unwrap_or(LONGEST).saturating_mul(SECOND)
    } else {
        date(header)? - now_ms
    };
    Some(wait.clamp(SHORTEST, LONGEST) as u64)
}

/// Reads the form of a date that servers send, such as `Sun, 06 Nov 1994 08:49:37 GMT`, in
/// milliseconds since 1970.
fn date(text: &str) -> Option<i64> {
    let (_, date) = text.split_once(", ")?;
    let parts: Vec<&str> = date.split([' ', ':']).collect();
    match parts[..] {
        [day, month, year, hour, minute, second, "GMT"] => {
            let month = MONTHS.iter().position(|it| *it == month)? as i64 + 1;
            let days = days_since_1970(number(year, 4)?, month, number(day, 2)?);
            let minutes = (days * 24 + number(hour, 2)?) * 60 + number(minute, 2)?;
            Some((minutes * 60 + number(second, 2)?) * SECOND)
        }
        _ => None,
    }
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        text.parse().ok()
    } else {
        None
    }
}

/// In the Gregorian calendar. A year begins with March here, so that the leap day is its last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06T08:49:37Z
    const NOW: i64 = 784_111_777_000;

    #[test]
    fn a_number_is_in_seconds() {
        for (header, wait) in [
            ("7", 7_000),
            (" 120 ", 120_000),
            ("0", 1_000),
            ("3600", 3_600_000),
            ("86400", 3_600_000),
            ("99999999999999999999", 3_600_000),
        ] {
            assert_eq!(milliseconds(header, NOW), Some(wait), "{header}");
        }
    }

    #[test]
    fn a_date_is_as_far_away_as_it_is() {
        for (header, wait) in [
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30_000),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 1_000),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 1_000),
            ("Mon, 07 Nov 1994 08:49:37 GMT", 3_600_000),
        ] {
            assert_eq!(milliseconds(header, NOW), Some(wait), "{header}");
        }
    }

    #[test]
    fn leap_days_count() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Sat, 31 Dec 2033 23:59:59 GMT", 2_019_686_399),
        ] {
            assert_eq!(date(text), Some(seconds * SECOND), "{text}");
        }
    }

    #[test]
    fn other_texts_are_neither() {
        for header in [
            "",
            "-1",
            "1.5",
            "soon",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 +0100",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
        ] {
            assert_eq!(milliseconds(header, NOW), None, "{header}");
        }
    }
}
