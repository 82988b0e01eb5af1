package io.tenon.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints: the distribution's version and the Java that runs it. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() throws IOException {
    var build = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) throw new IOException("version.properties is missing in the launcher's jar");
      build.load(in);
    }
    return new String[] {"tenon-node " + build.getProperty("version"), "Java " + Runtime.version()};
  }
}
