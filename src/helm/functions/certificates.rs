//! Certificates: `genCA`, `genSelfSignedCert`, `genSignedCert` and their kin (X.509 v3, RFC 5280).

use core::net::IpAddr;
use std::rc::Rc;

use num_bigint::BigUint;
use sha2::{Digest as _, Sha256};

use super::keys::{PrivateKey, RsaKey};
use super::objects::CertificateObject;
use super::show::to_str;
use super::{der, derived, derived_text, fail, fixed, random};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::encoding::decode_base64;
use crate::helm::exec::Exec;
use crate::helm::rope::Str;
use crate::helm::time::Time;
use crate::helm::value::{List, Node, Object, Value};

const CERTIFICATE: Type = Type::Object("sprig.certificate");
const NAMED: &[Type] = &[Type::String, Type::List, Type::List, Type::Int];
const NAMED_KEY: &[Type] = &[Type::String, Type::List, Type::List, Type::Int, Type::String];
const SIGNED: &[Type] = &[Type::String, Type::List, Type::List, Type::Int, CERTIFICATE];
const SIGNED_KEY: &[Type] = &[Type::String, Type::List, Type::List, Type::Int, CERTIFICATE, Type::String];

pub(super) const TABLE: &[Function] = &[
    fixed("buildCustomCert", &[Type::String, Type::String], build_custom),
    fixed("genCA", &[Type::String, Type::Int], |exec, args| {
        let key = new_key(exec)?;
        authority(exec, args, key)
    }),
    fixed("genCAWithKey", &[Type::String, Type::Int, Type::String], |exec, args| {
        let key = given_key(&args.str(2))?;
        authority(exec, args, key)
    }),
    fixed("genPrivateKey", &[Type::String], |exec, args| {
        let kind = args.str(0);
        exec.charge(10_000)?;
        match PrivateKey::generate(exec, kind.as_bytes()) {
            Some(key) => derived_text(exec, args, key.to_pem()),
            None => derived_text(exec, args, [b"Unknown type ", kind.as_bytes()].concat()),
        }
    }),
    fixed("genSelfSignedCert", NAMED, |exec, args| {
        let key = new_key(exec)?;
        self_signed(exec, args, key)
    }),
    fixed("genSelfSignedCertWithKey", NAMED_KEY, |exec, args| {
        let key = given_key(&args.str(4))?;
        self_signed(exec, args, key)
    }),
    fixed("genSignedCert", SIGNED, |exec, args| {
        let key = new_key(exec)?;
        signed(exec, args, key)
    }),
    fixed("genSignedCertWithKey", SIGNED_KEY, |exec, args| {
        let key = given_key(&args.str(5))?;
        signed(exec, args, key)
    }),
];

fn new_key(exec: &mut Exec<'_>) -> Result<PrivateKey, FunctionError> {
    exec.charge(10_000)?;
    Ok(PrivateKey::Rsa(RsaKey::new(exec, false)))
}

fn given_key(text: &Str) -> Result<PrivateKey, FunctionError> {
    PrivateKey::from_pem(text.as_bytes())
        .map_err(|message| FunctionError::new(format!("parsing private key: {message}")))
}

/// What goes into a certificate.
struct Subject {
    name: Vec<u8>,
    addresses: Vec<IpAddr>,
    dns_names: Vec<Vec<u8>>,
    days: i64,
}

/// Who signs.
struct Issuer<'a> {
    key: &'a PrivateKey,
    /// The name, encoded.
    name: Vec<u8>,
    /// The identifier of its key, if its certificate has one.
    key_id: Option<Vec<u8>>,
}

/// Name, addresses, DNS names and days from the first arguments.
fn subject(exec: &mut Exec<'_>, args: &Args<'_>) -> Result<Subject, FunctionError> {
    let mut subject = Subject {
        name: args.str(0).as_bytes().to_vec(),
        addresses: Vec::new(),
        dns_names: Vec::new(),
        days: args.int(3),
    };
    for node in args.list(1).items() {
        let Value::Str(text) = &node.value else {
            let shown = to_str(exec, node)?;
            return fail(format!("error parsing ip: {} is not a string", shown.to_text()));
        };
        match text.to_text().parse() {
            Ok(address) => subject.addresses.push(address),
            Err(_) => return fail(format!("error parsing ip: {}", text.to_text())),
        }
    }
    for node in args.list(2).items() {
        let Value::Str(text) = &node.value else {
            let shown = to_str(exec, node)?;
            return fail(format!("error processing alternate dns name: {} is not a string", shown.to_text()));
        };
        subject.dns_names.push(text.as_bytes().to_vec());
    }
    Ok(subject)
}

fn authority(exec: &mut Exec<'_>, args: &Args<'_>, key: PrivateKey) -> FunctionResult {
    let name = args.str(0).as_bytes().to_vec();
    let subject = Subject { name, addresses: Vec::new(), dns_names: Vec::new(), days: args.int(1) };
    let issuer = Issuer { key: &key, name: encoded_name(&subject.name), key_id: None };
    issue(exec, args, &subject, &key, &issuer, true)
}

fn self_signed(exec: &mut Exec<'_>, args: &Args<'_>, key: PrivateKey) -> FunctionResult {
    let subject = subject(exec, args)?;
    let issuer = Issuer { key: &key, name: encoded_name(&subject.name), key_id: None };
    issue(exec, args, &subject, &key, &issuer, false)
}

fn signed(exec: &mut Exec<'_>, args: &Args<'_>, key: PrivateKey) -> FunctionResult {
    let Some(authority) = args.value(4).as_object::<CertificateObject>() else {
        return fail("unable to decode certificate");
    };
    let (cert, key_text) = (to_str(exec, &authority.cert)?, to_str(exec, &authority.key)?);
    let Some((_, certificate)) = der::read_pem(cert.as_bytes()) else {
        return fail("unable to decode certificate");
    };
    let Some((name, key_id)) = read_certificate(&certificate) else {
        return fail("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate");
    };
    let signer = match PrivateKey::from_pem(key_text.as_bytes()) {
        Ok(signer) => signer,
        Err(message) => return fail(format!("error parsing private key: {message}")),
    };
    let subject = subject(exec, args)?;
    let issuer = Issuer { key: &signer, name, key_id };
    issue(exec, args, &subject, &key, &issuer, false)
}

fn build_custom(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let decode = |at: usize| decode_base64(args.str(at).as_bytes());
    let Ok(cert) = decode(0) else { return fail("unable to decode base64 certificate") };
    let Ok(key) = decode(1) else { return fail("unable to decode base64 private key") };
    let Some((_, certificate)) = der::read_pem(&cert) else { return fail("unable to decode certificate") };
    if read_certificate(&certificate).is_none() {
        return fail("error parsing certificate: decodedCert.Bytes: x509: malformed certificate");
    }
    if let Err(message) = PrivateKey::from_pem(&key) {
        return fail(format!("error parsing private key: {message}"));
    }
    pair(exec, args, &cert, &key)
}

fn pair(exec: &mut Exec<'_>, args: &Args<'_>, cert: &[u8], key: &[u8]) -> FunctionResult {
    // Names and addresses stand in lists.
    let items = args.all().iter().filter_map(|node| node.value.as_list()).flat_map(List::items);
    let origin = exec.derive_of(args.all().iter().chain(items));
    let text = |bytes: &[u8]| Node::from(Str::whole(bytes, origin));
    let object: Rc<dyn Object> = Rc::new(CertificateObject { cert: text(cert), key: text(key) });
    derived(exec, args, Value::Object(object))
}

fn encoded_name(name: &[u8]) -> Vec<u8> {
    if name.is_empty() {
        return der::sequence(&[]);
    }
    // PrintableString where the characters allow it, else UTF8String.
    let printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
    let tag = if name.iter().all(printable) { 0x13 } else { 0x0C };
    // commonName, 2.5.4.3
    let attribute = der::sequence(&[der::identifier(&[0x55, 0x04, 0x03]), der::tagged(tag, name)]);
    der::sequence(&[der::tagged(0x31, &attribute)])
}

fn encoded_time(time: &Time) -> Vec<u8> {
    if (1950..2050).contains(&time.civil().year) {
        der::tagged(0x17, &time.format(b"060102150405Z"))
    } else {
        der::tagged(0x18, &time.format(b"20060102150405Z"))
    }
}

/// An extension of the arc 2.5.29.
fn extension(number: u8, critical: bool, content: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::identifier(&[0x55, 0x1D, number])];
    if critical {
        parts.push(vec![0x01, 0x01, 0xFF]);
    }
    parts.push(der::octets(content));
    der::sequence(&parts)
}

fn extensions(
    subject: &Subject,
    issuer: &Issuer<'_>,
    name: &[u8],
    key_bits: &[u8],
    authority: bool,
) -> Vec<u8> {
    // digitalSignature and keyEncipherment; an authority signs certificates too.
    let usage: [u8; 2] = if authority { [2, 0xA4] } else { [5, 0xA0] };
    // serverAuth and clientAuth, 1.3.6.1.5.5.7.3.1 and .2
    let purposes = [1, 2].map(|last| der::identifier(&[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last]));
    let constraints = if authority { der::sequence(&[vec![0x01, 0x01, 0xFF]]) } else { der::sequence(&[]) };
    let mut all = vec![
        extension(15, true, &der::tagged(0x03, &usage)),
        extension(37, false, &der::sequence(&purposes)),
        extension(19, true, &constraints),
    ];
    if authority {
        all.push(extension(14, false, &der::octets(&key_id(key_bits))));
    }
    if let Some(id) = issuer.key_id.as_ref().filter(|_| issuer.name != name) {
        all.push(extension(35, false, &der::sequence(&[der::tagged(0x80, id)])));
    }
    let mut names: Vec<Vec<u8>> = subject.dns_names.iter().map(|name| der::tagged(0x82, name)).collect();
    names.extend(subject.addresses.iter().map(|address| match address.to_canonical() {
        IpAddr::V4(address) => der::tagged(0x87, &address.octets()),
        IpAddr::V6(address) => der::tagged(0x87, &address.octets()),
    }));
    if !names.is_empty() {
        all.push(extension(17, subject.name.is_empty(), &der::sequence(&names)));
    }
    der::tagged(0xA3, &der::sequence(&all))
}

/// The identifier of a public key: the start of its hash (RFC 7093, method 1).
fn key_id(key_bits: &[u8]) -> Vec<u8> {
    Sha256::digest(key_bits).iter().copied().take(20).collect()
}

fn issue(
    exec: &mut Exec<'_>,
    args: &Args<'_>,
    subject: &Subject,
    key: &PrivateKey,
    issuer: &Issuer<'_>,
    authority: bool,
) -> FunctionResult {
    // Signing takes about as long as this many steps.
    exec.charge(100_000)?;
    let (Some((info, key_bits)), Some(algorithm)) = (key.public_info(), issuer.key.algorithm()) else {
        return fail("error creating certificate: x509: only RSA and ECDSA keys supported");
    };
    let name = encoded_name(&subject.name);
    let serial = BigUint::from_bytes_be(&random::bytes(exec, 16)) | BigUint::from(1u8);
    let start = Time::from_nanos(exec.environment().now);
    let end = start.add(subject.days.wrapping_mul(86_400_000_000_000));
    let body = der::sequence(&[
        der::tagged(0xA0, &der::small_integer(2)),
        der::integer(&serial),
        algorithm.clone(),
        issuer.name.clone(),
        der::sequence(&[encoded_time(&start), encoded_time(&end)]),
        name.clone(),
        info,
        extensions(subject, issuer, &name, &key_bits, authority),
    ]);
    let Some(signature) = issuer.key.sign(&body) else {
        return fail("error creating certificate: x509: the key cannot sign");
    };
    let certificate = der::sequence(&[body, algorithm, der::bits(&signature)]);
    pair(exec, args, der::pem("CERTIFICATE", &certificate).as_bytes(), key.to_pem().as_bytes())
}

/// The subject of a certificate, encoded, and the identifier of its key.
fn read_certificate(bytes: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let outer = der::read(bytes).filter(|outer| outer.tag == 0x30)?;
    let body = der::read(outer.content).filter(|body| body.tag == 0x30)?;
    let mut parts = der::elements(body.content);
    if parts.first()?.tag == 0xA0 {
        parts.remove(0);
    }
    // serial, algorithm, issuer, validity, subject, key
    let subject = parts.get(4).filter(|subject| subject.tag == 0x30)?.whole.to_vec();
    parts.get(5).filter(|key| key.tag == 0x30)?;
    let extensions = parts.iter().find(|part| part.tag == 0xA3).and_then(|part| der::read(part.content));
    let key_id = extensions.and_then(|extensions| {
        der::elements(extensions.content).into_iter().find_map(|extension| {
            let parts = der::elements(extension.content);
            let value =
                parts.last().filter(|_| parts.first().is_some_and(|id| id.content == [0x55, 0x1D, 14]))?;
            der::read(value.content).map(|id| id.content.to_vec())
        })
    });
    Some((subject, key_id))
}
