//! The last deliveries, in key-value entries. Entries cannot be listed, so they form a ring: a
//! counter gives each delivery a number, and its entry takes the place of the one `SIZE` before it.

use gonext::{json, kv, now_ms, HostError, Value};

const SIZE: i64 = 50;
const COUNTER: &str = "history";

/// Adds a delivery: an object.
pub fn add(outcome: &str, delivery: Value) -> Result<(), HostError> {
    let number = kv::incr(COUNTER, 1)?;
    let mut members = vec![
        ("number".to_owned(), number.into()),
        ("at_ms".to_owned(), now_ms().into()),
        ("outcome".to_owned(), outcome.into()),
    ];
    if let Value::Object(of_delivery) = delivery {
        members.extend(of_delivery);
    }
    kv::set(&key(number), Value::Object(members).to_json())
}

/// The last deliveries, the newest first. A delivery that is just being added may be missing.
pub fn newest() -> Result<Vec<Value>, HostError> {
    let last = kv::get_text(COUNTER)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut deliveries = Vec::new();
    for number in ((last - SIZE).max(0) + 1..=last).rev() {
        let entry = kv::get(&key(number))?.and_then(|text| json::parse(&text).ok());
        // Until the new delivery is written, its entry is the old one.
        deliveries.extend(entry.filter(|it| it.get("number") == Some(&number.into())));
    }
    Ok(deliveries)
}

fn key(number: i64) -> String {
    format!("history:{}", number % SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonext::testing::Host;

    fn numbers() -> Vec<String> {
        let newest = newest().unwrap();
        newest.iter().map(|it| it.get("number").unwrap().to_json()).collect()
    }

    #[test]
    fn only_the_last_deliveries_are_kept() {
        let _host = Host::new();
        assert!(numbers().is_empty());
        for _ in 0..SIZE + 2 {
            add("delivered", Value::object([])).unwrap();
        }
        let expected: Vec<String> = (3..=SIZE + 2).rev().map(|it| it.to_string()).collect();
        assert_eq!(numbers(), expected);
    }

    #[test]
    fn an_old_entry_does_not_stand_for_a_new_delivery() {
        let _host = Host::new();
        for _ in 0..SIZE {
            add("delivered", Value::object([])).unwrap();
        }
        kv::incr(COUNTER, 1).unwrap();
        assert_eq!(numbers().len() as i64, SIZE - 1);
    }
}
