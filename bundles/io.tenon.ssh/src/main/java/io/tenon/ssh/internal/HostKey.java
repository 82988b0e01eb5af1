package io.tenon.ssh.internal;

import io.tenon.error.TenonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Pattern;
import org.apache.sshd.common.config.keys.PublicKeyEntry;

/**
 * The key by which the node shows that it is itself: Ed25519, made when it is first needed. {@code host_key} has both halves as PEM, and
 * is its owner's; {@code host_key.pub} has the public one as OpenSSH writes it, to be given to others.
 */
final class HostKey {
  private static final String ALGORITHM = "Ed25519";
  private static final String PRIVATE = "PRIVATE KEY";
  private static final String PUBLIC = "PUBLIC KEY";

  private HostKey() {}

  /**
   * @param directory made when it is missing
   */
  static KeyPair in(Path directory) throws TenonException {
    Path file = directory.resolve("host_key");
    try {
      if (!Files.exists(file)) create(directory, file);
      // Whoever could read it could be this node.
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      String pem = Files.readString(file);
      var factory = KeyFactory.getInstance(ALGORITHM);
      return new KeyPair(
          factory.generatePublic(new X509EncodedKeySpec(block(pem, PUBLIC))),
          factory.generatePrivate(new PKCS8EncodedKeySpec(block(pem, PRIVATE))));
    } catch (IOException | GeneralSecurityException e) {
      throw new TenonException(
          "Nobody can log in by SSH: the node's host key " + file + " cannot be used.",
          e.getMessage() + ".",
          "Make it readable for the node's user, or delete it: a new one is made, and everybody who knew the old one is warned.",
          e);
    }
  }

  private static void create(Path directory, Path file)
      throws IOException, GeneralSecurityException {
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    var pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
    Path made =
        Files.createTempFile(
            directory,
            "host_key",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        made,
        pem(PRIVATE, pair.getPrivate().getEncoded()) + pem(PUBLIC, pair.getPublic().getEncoded()));
    Files.writeString(
        directory.resolve("host_key.pub"), PublicKeyEntry.toString(pair.getPublic()) + "\n");
    Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String pem(String kind, byte[] content) {
    var lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(kind, lines.encodeToString(content), kind);
  }

  private static byte[] block(String pem, String kind) throws IOException {
    var found =
        Pattern.compile("-----BEGIN " + kind + "-----([^-]*)-----END " + kind + "-----")
            .matcher(pem);
    if (!found.find()) throw new IOException("It has no " + kind);
    try {
      return Base64.getMimeDecoder().decode(found.group(1));
    } catch (IllegalArgumentException e) {
      throw new IOException("Its " + kind + " is damaged", e);
    }
  }
}
