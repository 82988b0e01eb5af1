package io.tenon.assembly;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLConnection;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where bundles are fetched from by coordinates: a local Maven repository first, then others by URL. The jar alone; what it needs is
 * named as well, or is there already.
 *
 * @param local the user's own
 * @param remotes URLs, asked in this order
 * @param downloads where to put what comes from there
 */
record Maven(Path local, List<URI> remotes, Path downloads) {
  static final String CENTRAL = "https://repo.maven.apache.org/maven2";
  private static final int TIMEOUT_MS = 30_000;
  private static final Pattern COORDINATES =
      Pattern.compile("([\\w.-]+):([\\w.-]+):([\\w.+-]+?)(?::([\\w.-]+))?");
  private static final String CUT_OFF = "it ended too early";
  private static final int SHA1_DIGITS = 40;
  private static final Pattern SHA1 = Pattern.compile("[0-9a-f]{40}(\\s.*)?", Pattern.DOTALL);

  static Path defaultLocal() {
    return Path.of(System.getProperty("user.home", "."), ".m2", "repository");
  }

  Path jar(String coordinates) throws RefusedException {
    Matcher parts = COORDINATES.matcher(coordinates);
    if (!parts.matches()) {
      throw new RefusedException(
          "\"" + coordinates + "\" are no Maven coordinates.",
          "They have three or four parts.",
          "Write them as GROUP:ARTIFACT:VERSION[:CLASSIFIER].");
    }
    String classifier = parts.group(4) == null ? "" : "-" + parts.group(4);
    String file = parts.group(2) + "-" + parts.group(3) + classifier + ".jar";
    String path =
        String.join("/", parts.group(1).replace('.', '/'), parts.group(2), parts.group(3), file);
    Path here = local.resolve(path);
    if (Files.isRegularFile(here)) return here;
    var why = new ArrayList<String>();
    why.add("It is not in " + local);
    for (URI remote : remotes) {
      try {
        return download(URI.create(slashed(remote) + path), downloads.resolve(file));
      } catch (IOException | IllegalArgumentException e) {
        why.add(remote + ": " + said(e));
      }
    }
    throw new RefusedException(
        "Bundle " + coordinates + " was not fetched.",
        String.join("; ", why) + ".",
        "Correct the coordinates, or name a repository that has it whole by --maven-repository.");
  }

  private static String slashed(URI remote) {
    String text = remote.toString();
    return text.endsWith("/") ? text : text + "/";
  }

  /** Exceptions of the network have little to say to people. */
  private static String said(Exception e) {
    return switch (e) {
      case DownloadException ours -> String.valueOf(ours.getMessage());
      case FileNotFoundException missing -> "it is not there: " + missing.getMessage();
      case UnknownHostException unknown -> "there is no host " + unknown.getMessage();
      case ConnectException nobody -> "nobody answers there: " + nobody.getMessage();
      case SocketException broken -> "the connection broke: " + broken.getMessage();
      case SocketTimeoutException _ -> "it did not answer within " + TIMEOUT_MS / 1000 + " s";
      default -> e.toString();
    };
  }

  private static Path download(URI from, Path to) throws IOException {
    byte[] content = get(from);
    String wanted = checksum(URI.create(from + ".sha1"));
    String found = sha1(content);
    if (!wanted.equals(found)) {
      throw new DownloadException(
          "it was damaged on the way or there: its SHA-1 is " + found + " and should be " + wanted);
    }
    Files.createDirectories(to.getParent());
    return Files.write(to, content);
  }

  /** In hexadecimal digits. Some repositories have the file's name behind it. */
  private static String checksum(URI from) throws IOException {
    byte[] content;
    try {
      content = get(from);
    } catch (FileNotFoundException e) {
      throw new DownloadException("it is there without its checksum, " + from, e);
    }
    String text = new String(content, StandardCharsets.US_ASCII).strip().toLowerCase(Locale.ROOT);
    if (!SHA1.matcher(text).matches()) {
      throw new DownloadException("what is in " + from + " is no SHA-1");
    }
    return text.substring(0, SHA1_DIGITS);
  }

  /**
   * @throws FileNotFoundException when the repository does not have it
   */
  private static byte[] get(URI from) throws IOException {
    URLConnection connection = from.toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_MS);
    connection.setReadTimeout(TIMEOUT_MS);
    if (connection instanceof HttpURLConnection http) {
      int status = http.getResponseCode();
      if (status == HttpURLConnection.HTTP_NOT_FOUND || status == HttpURLConnection.HTTP_GONE) {
        throw new FileNotFoundException(from.toString());
      }
      if (status != HttpURLConnection.HTTP_OK)
        throw new DownloadException("it answers with HTTP status " + status);
    }
    try (InputStream in = connection.getInputStream()) {
      byte[] content = whole(in);
      long announced = connection.getContentLengthLong();
      if (announced < 0 || announced == content.length) return content;
      throw new DownloadException(CUT_OFF);
    }
  }

  private static byte[] whole(InputStream in) throws IOException {
    try {
      return in.readAllBytes();
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      throw new DownloadException(CUT_OFF, e);
    }
  }

  private static String sha1(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  /** A repository that does not give what it should; its message is for people. */
  private static final class DownloadException extends IOException {
    private static final long serialVersionUID = 1;

    DownloadException(String message) {
      super(message);
    }

    DownloadException(String message, IOException cause) {
      super(message, cause);
    }
  }
}
