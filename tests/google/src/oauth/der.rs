//! An X.509 certificate, as small as can be: `/oauth2/v1/certs` publishes keys so.

use jiff::tz::TimeZone;

use crate::clock::timestamp;

const SEQUENCE: u8 = 0x30;
const DAY: i64 = 86_400_000;

/// sha256WithRSAEncryption, 1.2.840.113549.1.1.11, and its parameter NULL.
const ALGORITHM: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0];
/// commonName, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x06, 3, 0x55, 4, 3];

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        middle @ 0x80..=0xff => out.extend([0x81, middle as u8]),
        long => {
            out.push(0x82);
            out.extend((long as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// `public` is a SubjectPublicKeyInfo; `sign` signs with its private half.
pub(super) fn certificate(public: &[u8], now: i64, sign: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let algorithm = element(SEQUENCE, ALGORITHM);
    let common_name = [COMMON_NAME, &element(0x0c, b"federated-signon.system.gserviceaccount.com")].concat();
    let name = element(SEQUENCE, &element(0x31, &element(SEQUENCE, &common_name)));
    let time = |millis: i64| {
        let text = timestamp(millis).to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string();
        // UTCTime has two digits for the year, and is what is used until 2049.
        if &text[..2] == "20" && &text[2..4] < "50" {
            element(0x17, &text.as_bytes()[2..])
        } else {
            element(0x18, text.as_bytes())
        }
    };
    let tbs = sequence(&[
        element(0xa0, &element(2, &[2])),
        element(2, &[1]),
        algorithm.clone(),
        name.clone(),
        sequence(&[time(now - DAY), time(now + 16 * DAY)]),
        name,
        public.to_vec(),
    ]);
    let signature = [vec![0], sign(&tbs)].concat();
    sequence(&[tbs, algorithm, element(3, &signature)])
}
