//! How does one ask a time-stamp authority to witness a hash? The request of RFC 3161, section 2.4.1, as DER.

use crate::canonical::sha256;
use der::asn1::{Null, ObjectIdentifier, OctetString};
use der::{Encode, Sequence};

/// SHA-256 (RFC 5754).
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

#[derive(Sequence)]
struct AlgorithmIdentifier {
    algorithm: ObjectIdentifier,
    parameters: Null,
}

#[derive(Sequence)]
struct MessageImprint {
    hash_algorithm: AlgorithmIdentifier,
    hashed_message: OctetString,
}

#[derive(Sequence)]
struct TimeStampReq {
    version: u8,
    message_imprint: MessageImprint,
    cert_req: bool,
}

/// The request for these bytes. It has no nonce, so that the same bytes give the same request; it asks for the
/// certificate, so that the answer can be checked by itself.
pub fn request(bytes: &[u8]) -> Vec<u8> {
    let hashed = OctetString::new(sha256(bytes).as_slice()).expect("32 bytes are an octet string");
    let hash_algorithm = AlgorithmIdentifier { algorithm: SHA256, parameters: Null };
    let message_imprint = MessageImprint { hash_algorithm, hashed_message: hashed };
    let request = TimeStampReq { version: 1, message_imprint, cert_req: true };
    request.to_der().expect("a request of fixed parts has a DER form")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_request_is_the_one_that_openssl_makes() {
        // `printf abc | openssl ts -query -digest $(printf abc | sha256sum | cut -c-64) -sha256 -no_nonce -cert`
        let expected = "30390201013031300d060960864801650304020105000420ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb4\
                        10ff61f20015ad0101ff";
        assert_eq!(ringfence_store::log::hash::hex(&super::request(b"abc")), expected);
    }
}
