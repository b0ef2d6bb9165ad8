//! Reads lines `name;public key;message;signature;...` and writes `name;answer` for each.
use ed25519_dalek::{Signature, VerifyingKey};
use std::io::{stdin, BufRead};

fn main() {
    for line in stdin().lock().lines() {
        let line = line.expect("text");
        let fields: Vec<&str> = line.split(';').collect();
        println!("{};{}", fields[0], verify(fields[1], fields[2], fields[3]).is_some());
    }
}

fn verify(key: &str, message: &str, signature: &str) -> Option<()> {
    let key = hex::decode(key).ok()?.try_into().ok()?;
    let message = hex::decode(message).ok()?;
    let signature = Signature::from_slice(&hex::decode(signature).ok()?).ok()?;
    VerifyingKey::from_bytes(&key).ok()?.verify_strict(&message, &signature).ok()
}
