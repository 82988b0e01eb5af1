package io.tenon.swap.internal;

import io.tenon.swap.SwapException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who may have signed a jar. */
final class Signatures {
  private static final Logger log = LoggerFactory.getLogger(Signatures.class);

  private final Path trusted;

  /**
   * @param trusted a PEM file; read each time, for it may be renewed
   */
  Signatures(Path trusted) {
    this.trusted = trusted;
  }

  /** Every part of it must be signed by somebody who is trusted. */
  void check(String bundle, Path file) throws SwapException {
    var anchors = anchors(bundle);
    try (var jar = new JarFile(file.toFile(), true)) {
      for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
        if (entry.isDirectory() || isOfSignature(entry.getName())) continue;
        // The signers of an entry are known when it was read to its end, and right.
        try (InputStream content = jar.getInputStream(entry)) {
          content.transferTo(OutputStream.nullOutputStream());
        }
        if (!isTrusted(entry.getCodeSigners(), anchors)) {
          throw Refusals.refused(
              bundle,
              entry.getName() + " in the new jar is not signed by one of " + trusted + ".",
              "Give a signed jar, or change require.signed in etc/io.tenon.swap.cfg.");
        }
      }
    } catch (SecurityException | IOException e) {
      throw Refusals.refused(
          bundle,
          "The new jar is not as it was signed: " + e.getMessage() + ".",
          "Get the jar again from who has signed it.");
    }
  }

  private Set<TrustAnchor> anchors(String bundle) throws SwapException {
    var anchors = new HashSet<TrustAnchor>();
    try (var content = Files.newInputStream(trusted)) {
      for (var certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(content)) {
        anchors.add(new TrustAnchor((X509Certificate) certificate, null));
      }
    } catch (IOException | GeneralSecurityException e) {
      throw untrusting(bundle, String.valueOf(e));
    }
    if (anchors.isEmpty()) throw untrusting(bundle, "it holds none");
    return anchors;
  }

  private SwapException untrusting(String bundle, String why) {
    return Refusals.refused(
        bundle,
        "Only signed bundles are let in here, and the trusted certificates cannot be read: "
            + why
            + ".",
        "Name a PEM file by trusted.certificates in etc/io.tenon.swap.cfg.");
  }

  private static boolean isOfSignature(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    if (!upper.startsWith("META-INF/") || upper.lastIndexOf('/') > "META-INF/".length()) {
      return false;
    }
    return upper.equals(JarFile.MANIFEST_NAME)
        || upper.endsWith(".SF")
        || upper.endsWith(".RSA")
        || upper.endsWith(".DSA")
        || upper.endsWith(".EC");
  }

  private static boolean isTrusted(CodeSigner[] signers, Set<TrustAnchor> anchors) {
    if (signers == null) return false;
    for (CodeSigner signer : signers) {
      var path = signer.getSignerCertPath();
      // One who is named is trusted, whoever signed theirs.
      for (TrustAnchor anchor : anchors) {
        if (path.getCertificates().getFirst().equals(anchor.getTrustedCert())) return true;
      }
      try {
        var parameters = new PKIXParameters(anchors);
        parameters.setRevocationEnabled(false);
        CertPathValidator.getInstance("PKIX").validate(path, parameters);
        return true;
      } catch (GeneralSecurityException e) {
        log.info("a signature is not of one who is trusted: {}", e.getMessage());
      }
    }
    return false;
  }
}
