package io.tenon.assembly;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints: the tool's version, which is the distribution's, and the Java that runs it. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() throws IOException {
    return new String[] {"tenon-distro " + ofTool(), "Java " + Runtime.version()};
  }

  static String ofTool() throws IOException {
    var build = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) throw new IOException("version.properties is missing in the tool's jar");
      build.load(in);
    }
    return build.getProperty("version");
  }
}
