//! Private keys: making, reading, writing them, and signing.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use num_bigint::BigUint;
use p256::ecdsa::signature::Signer as _;
use sha2::{Digest as _, Sha256};

use super::der;
use super::primes::{DSA_G, DSA_P, DSA_Q, PRIMES_1024, PRIMES_2048};
use super::random;
use crate::helm::exec::Exec;

const EXPONENT: u32 = 65_537;

/// Signatures by the numbers of the key, and what is signed.
type Signatures = HashMap<(Vec<u8>, Vec<u8>), Vec<u8>>;

/// Most signatures that are kept for other renders.
const MOST_SIGNATURES: usize = 500;

/// `rsaEncryption`, 1.2.840.113549.1.1.1
const OID_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
/// `sha256WithRSAEncryption`, 1.2.840.113549.1.1.11
const OID_RSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
/// `ecPublicKey`, 1.2.840.10045.2.1
const OID_EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
/// `prime256v1`, 1.2.840.10045.3.1.7
const OID_P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
/// `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2
const OID_EC_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
/// `id-Ed25519`, 1.3.101.112
const OID_ED25519: &[u8] = &[0x2B, 0x65, 0x70];

/// An RSA key.
#[derive(Clone, Debug)]
pub(super) struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
    private: BigUint,
    primes: [BigUint; 2],
}

/// A private key.
#[derive(Clone, Debug)]
pub(super) enum PrivateKey {
    Rsa(RsaKey),
    /// On the curve P-256.
    Ec(p256::SecretKey),
    /// A key that cannot sign here: its PEM label and content.
    Other(&'static str, Vec<u8>),
}

fn hexadecimal(digits: &str) -> BigUint {
    BigUint::parse_bytes(digits.as_bytes(), 16).unwrap_or_default()
}

/// Two different ones of a list.
fn pick_two<'a>(exec: &mut Exec<'_>, list: &[&'a str]) -> [&'a str; 2] {
    let count = list.len().max(2) as u64;
    let first = exec.random() % count;
    let second = (first + 1 + exec.random() % (count - 1)) % count;
    [first, second].map(|at| usize::try_from(at).ok().and_then(|at| list.get(at).copied()).unwrap_or("3"))
}

impl RsaKey {
    fn of(primes: [BigUint; 2]) -> Self {
        let one = BigUint::from(1u8);
        let totient = (&primes[0] - &one) * (&primes[1] - &one);
        let exponent = BigUint::from(EXPONENT);
        let private = exponent.modinv(&totient).unwrap_or(one);
        Self { modulus: &primes[0] * &primes[1], exponent, private, primes }
    }

    /// A key of 2048 or 4096 bits.
    pub(super) fn new(exec: &mut Exec<'_>, large: bool) -> Self {
        let list: &[&str] = if large { &PRIMES_2048 } else { &PRIMES_1024 };
        let mut primes = pick_two(exec, list).map(hexadecimal);
        // By convention the larger prime comes first.
        primes.sort_by(|left, right| right.cmp(left));
        Self::of(primes)
    }

    /// PKCS #1.
    fn to_der(&self) -> Vec<u8> {
        let one = BigUint::from(1u8);
        let [p, q] = &self.primes;
        let inverse = q.modinv(p).unwrap_or_default();
        der::sequence(&[
            der::small_integer(0),
            der::integer(&self.modulus),
            der::integer(&self.exponent),
            der::integer(&self.private),
            der::integer(p),
            der::integer(q),
            der::integer(&(&self.private % (p - &one))),
            der::integer(&(&self.private % (q - &one))),
            der::integer(&inverse),
        ])
    }

    fn from_der(bytes: &[u8]) -> Option<Self> {
        let outer = der::read(bytes).filter(|outer| outer.tag == 0x30 && outer.rest.is_empty())?;
        let numbers: Vec<BigUint> = der::elements(outer.content)
            .iter()
            .filter(|element| element.tag == 0x02)
            .map(|element| der::unsigned(element.content))
            .collect();
        let [_, modulus, exponent, private, p, q, ..] = numbers.as_slice() else { return None };
        let one = BigUint::from(1u8);
        let whole = *p > one && *q > one && p * q == *modulus && modulus.bits() <= 16_384;
        whole.then(|| Self {
            modulus: modulus.clone(),
            exponent: exponent.clone(),
            private: private.clone(),
            primes: [p.clone(), q.clone()],
        })
    }

    /// PKCS #1 v1.5 with SHA-256.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        const PREFIX: [u8; 19] = [
            0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
            0x00, 0x04, 0x20,
        ];
        let size = usize::try_from(self.modulus.bits().div_ceil(8)).unwrap_or(0);
        let digest = Sha256::digest(message);
        let padding = size.saturating_sub(PREFIX.len() + digest.len() + 3);
        let block = [&[0, 1], vec![0xFF; padding].as_slice(), &[0], &PREFIX, digest.as_slice()].concat();
        self.signed(size, &block)
    }

    /// The signature of a padded digest: made once for all renders, since a chart that is mended is rendered
    /// many times with the same certificates, and a signature takes longer than most templates. What a render
    /// is charged does not depend on it.
    fn signed(&self, size: usize, block: &[u8]) -> Vec<u8> {
        static KNOWN: LazyLock<Mutex<Signatures>> = LazyLock::new(Mutex::default);
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers = [&self.private, &self.modulus].map(BigUint::to_bytes_be);
        let key = (numbers.concat(), block.to_vec());
        if let Some(signature) = known().get(&key) {
            return signature.clone();
        }
        let signature = self.power(size, block);
        let mut known = known();
        if known.len() >= MOST_SIGNATURES {
            known.clear();
        }
        known.insert(key, signature.clone());
        signature
    }

    fn power(&self, size: usize, block: &[u8]) -> Vec<u8> {
        let value = BigUint::from_bytes_be(block);
        // With the remainder theorem it takes a quarter of the time.
        let one = BigUint::from(1u8);
        let [p, q] = &self.primes;
        let by_p = value.modpow(&(&self.private % (p - &one)), p);
        let by_q = value.modpow(&(&self.private % (q - &one)), q);
        let inverse = q.modinv(p).unwrap_or_default();
        let difference = (&by_p + p - &by_q % p) % p;
        let signature = &by_q + (inverse * difference % p) * q;
        let bytes = signature.to_bytes_be();
        [vec![0; size.saturating_sub(bytes.len())], bytes].concat()
    }
}

impl PrivateKey {
    /// A key of a type that `genPrivateKey` knows.
    pub(super) fn generate(exec: &mut Exec<'_>, kind: &[u8]) -> Option<Self> {
        match kind {
            b"" | b"rsa" => Some(Self::Rsa(RsaKey::new(exec, true))),
            b"ecdsa" => loop {
                // All but a vanishing share of 256-bit numbers are keys.
                if let Ok(key) = p256::SecretKey::from_slice(&random::bytes(exec, 32)) {
                    return Some(Self::Ec(key));
                }
            },
            b"ed25519" => {
                let algorithm = der::sequence(&[der::identifier(OID_ED25519)]);
                let seed = der::octets(&der::octets(&random::bytes(exec, 32)));
                Some(Self::Other("PRIVATE KEY", der::sequence(&[der::small_integer(0), algorithm, seed])))
            }
            b"dsa" => {
                let [p, q, g] = [DSA_P, DSA_Q, DSA_G].map(hexadecimal);
                let private = BigUint::from_bytes_be(&random::bytes(exec, 32)) % &q + 1u8;
                let public = g.modpow(&private, &p);
                let numbers = [p, q, g, public, private];
                let mut parts = vec![der::small_integer(0)];
                parts.extend(numbers.iter().map(der::integer));
                Some(Self::Other("DSA PRIVATE KEY", der::sequence(&parts)))
            }
            _ => None,
        }
    }

    /// PEM, in the format that sprig chooses for the type.
    pub(super) fn to_pem(&self) -> String {
        match self {
            Self::Rsa(key) => der::pem("RSA PRIVATE KEY", &key.to_der()),
            Self::Ec(key) => der::pem("EC PRIVATE KEY", &ec_to_der(key)),
            Self::Other(label, bytes) => der::pem(label, bytes),
        }
    }

    /// Reads a key in PEM. The message is sprig's.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, String> {
        let Some((label, bytes)) = der::read_pem(text) else { return Err("no PEM data in input".to_owned()) };
        if label == "PRIVATE KEY" {
            return from_pkcs8(&bytes)
                .ok_or_else(|| "decoding PEM as PKCS#8: asn1: structure error".to_owned());
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        let key = match kind {
            "RSA" => RsaKey::from_der(&bytes).map(Self::Rsa),
            "EC" => ec_from_der(&bytes),
            "DSA" => der::read(&bytes).map(|_| Self::Other("DSA PRIVATE KEY", bytes.clone())),
            _ => return Err(format!("invalid private key type {kind}")),
        };
        key.ok_or_else(|| format!("parsing {kind} private key from PEM: asn1: structure error"))
    }

    /// The public key as certificates hold it (SubjectPublicKeyInfo), and the bytes that its
    /// identifier is made of.
    pub(super) fn public_info(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (algorithm, key) = match self {
            Self::Rsa(key) => {
                let public = der::sequence(&[der::integer(&key.modulus), der::integer(&key.exponent)]);
                (der::sequence(&[der::identifier(OID_RSA), der::NULL.to_vec()]), public)
            }
            Self::Ec(key) => {
                let algorithm = der::sequence(&[der::identifier(OID_EC), der::identifier(OID_P256)]);
                (algorithm, ec_public(key))
            }
            Self::Other(..) => return None,
        };
        let info = der::sequence(&[algorithm, der::bits(&key)]);
        Some((info, key))
    }

    /// The algorithm of its signatures.
    pub(super) fn algorithm(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(_) => Some(der::sequence(&[der::identifier(OID_RSA_SHA256), der::NULL.to_vec()])),
            Self::Ec(_) => Some(der::sequence(&[der::identifier(OID_EC_SHA256)])),
            Self::Other(..) => None,
        }
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => Some(key.sign(message)),
            Self::Ec(key) => {
                let signature: p256::ecdsa::DerSignature =
                    p256::ecdsa::SigningKey::from(key).try_sign(message).ok()?;
                Some(signature.as_bytes().to_vec())
            }
            Self::Other(..) => None,
        }
    }
}

/// The point of the public key, uncompressed.
fn ec_public(key: &p256::SecretKey) -> Vec<u8> {
    use p256::elliptic_curve::sec1::ToSec1Point as _;
    key.public_key().to_sec1_point(false).as_bytes().to_vec()
}

/// SEC 1, with curve and public key.
fn ec_to_der(key: &p256::SecretKey) -> Vec<u8> {
    der::sequence(&[
        der::small_integer(1),
        der::octets(&key.to_bytes()),
        der::tagged(0xA0, &der::identifier(OID_P256)),
        der::tagged(0xA1, &der::bits(&ec_public(key))),
    ])
}

fn ec_from_der(bytes: &[u8]) -> Option<PrivateKey> {
    let outer = der::read(bytes).filter(|outer| outer.tag == 0x30)?;
    let private = der::elements(outer.content).into_iter().find(|element| element.tag == 0x04)?;
    p256::SecretKey::from_slice(private.content).ok().map(PrivateKey::Ec)
}

fn from_pkcs8(bytes: &[u8]) -> Option<PrivateKey> {
    let outer = der::read(bytes).filter(|outer| outer.tag == 0x30)?;
    let parts = der::elements(outer.content);
    let [_, algorithm, key, ..] = parts.as_slice() else { return None };
    let algorithm = der::elements(algorithm.content);
    match algorithm.first()?.content {
        OID_RSA => RsaKey::from_der(key.content).map(PrivateKey::Rsa),
        OID_EC => ec_from_der(key.content),
        _ => Some(PrivateKey::Other("PRIVATE KEY", bytes.to_vec())),
    }
}
