package io.tenon.assembly;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tenon-distro image}. */
@Command(
    name = "image",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = "Makes a container image of a distribution, without a registry or a network.",
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%n",
    footer = {
      "The image has the distribution in /opt/tenon, a Java made by jlink in /opt/java, and of this machine the C library and the few"
          + " programs that the start scripts call. It starts bin/tenon-node as user 10001, with its data in the volume"
          + " /var/lib/tenon; options follow the image's name, or come by the environment (TENON_NVME, TENON_GRPC, ...)."
          + " /opt/tenon/sbom.json lists all that is in it. The file is a tar of the OCI image layout, as podman load reads it.",
      "",
      "Example:",
      "  tenon-distro image --of my-node -o my-node-image.tar",
    })
final class ImageCommand implements Callable<Integer> {
  private static final String MODULES =
      "java.base,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.sql,java.xml,"
          + "jdk.crypto.ec,jdk.httpserver,jdk.jfr,jdk.management,jdk.net,jdk.unsupported,jdk.zipfs";
  private static final String HOME = "opt/tenon";
  private static final String JAVA = "opt/java";
  private static final String DATA = "/var/lib/tenon";
  private static final int OPEN_TO_ALL = 01777;
  private static final int NVME_PORT = 8420;
  private static final int GRPC_PORT = 10124;

  @Option(names = "--of", paramLabel = "DIR", description = "The distribution. Default: this one.")
  @Nullable Path home;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "TAR",
      description = "File to make.")
  Path output = Path.of("");

  @Option(names = "--replace", description = "Replace the file when it is there.")
  boolean replace;

  @Override
  public Integer call() throws Exception {
    var sources = new Sources();
    sources.from = home;
    Distribution distribution = sources.base();
    Path target = output.toAbsolutePath().normalize();
    if (Files.exists(target) && !(replace && Files.isRegularFile(target))) {
      throw new RefusedException(
          target + " was not written.",
          "It is there already.",
          "Take another name, or --replace it.");
    }
    Path beside = Objects.requireNonNull(target.getParent(), "a file has a folder");
    Files.createDirectories(beside);
    Path work = Files.createTempDirectory(beside, ".tenon-image.");
    try {
      Path java = runtime(work.resolve("java"));
      Path made = work.resolve("image.tar");
      write(distribution, java, made);
      Files.move(made, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Folders.delete(work);
    }
    System.out.printf("Made %s: %s.%n", output, Sizes.text(Files.size(target)));
    return Main.DONE;
  }

  private static Path runtime(Path to) throws RefusedException {
    ToolProvider jlink =
        ToolProvider.findFirst("jlink").orElseThrow(() -> noRuntime("This Java has no jlink."));
    var said = new StringWriter();
    var print = new java.io.PrintWriter(said);
    int status =
        jlink.run(
            print,
            print,
            "--add-modules",
            MODULES,
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            "--output",
            to.toString());
    if (status != 0) throw noRuntime(said.toString().strip());
    return to;
  }

  private static RefusedException noRuntime(String why) {
    return new RefusedException(
        "The image was not made: jlink made no Java for it.",
        why,
        "Choose a whole JDK by TENON_JAVA_HOME.");
  }

  private static void write(Distribution distribution, Path java, Path to)
      throws IOException, RefusedException {
    var image = new ImageLayout();
    SortedMap<String, Path> base = RootFiles.of(java).files();
    image.layer("the C library and a shell", 0, archive -> root(archive, base));
    image.layer(
        "Java",
        0,
        archive -> {
          archive.folder("opt", Archive.FOLDER);
          archive.tree(java, JAVA);
        });
    image.layer("data", ImageLayout.USER, archive -> archive.folder("var/lib/tenon", 0750));
    image.layer("the distribution", 0, archive -> distribution(archive, distribution, base));
    image.write(to, start(distribution));
  }

  private static void root(Archive archive, SortedMap<String, Path> files) throws IOException {
    for (String folder :
        new String[] {"dev", "etc", "proc", "root", "sys", "usr", "var", "var/lib"}) {
      archive.folder(folder, Archive.FOLDER);
    }
    archive.folder("tmp", OPEN_TO_ALL);
    archive.folder("run", Archive.FOLDER);
    String user = "tenon:x:" + ImageLayout.USER + ":" + ImageLayout.USER;
    text(
        archive,
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n" + user + ":Tenon:" + DATA + ":/bin/sh\n");
    text(archive, "etc/group", "root:x:0:\ntenon:x:" + ImageLayout.USER + ":\n");
    text(archive, "etc/nsswitch.conf", "hosts: files dns\n");
    var folders = new TreeMap<String, Boolean>();
    for (String place : files.keySet()) {
      for (int slash = place.indexOf('/', 1); slash > 0; slash = place.indexOf('/', slash + 1)) {
        String folder = place.substring(1, slash);
        if (!folder.equals("usr") && folders.put(folder, true) == null) {
          archive.folder(folder, Archive.FOLDER);
        }
      }
    }
    for (var each : files.entrySet()) {
      archive.file(
          each.getKey().substring(1), Files.readAllBytes(each.getValue()), Archive.PROGRAM);
    }
  }

  private static void text(Archive archive, String name, String text) throws IOException {
    archive.file(name, text.getBytes(StandardCharsets.UTF_8), Archive.PLAIN);
  }

  private static void distribution(
      Archive archive, Distribution distribution, SortedMap<String, Path> base) throws IOException {
    archive.folder(HOME, Archive.FOLDER);
    for (String part : new String[] {"bin", "bundles", "etc", "lib"}) {
      archive.tree(
          distribution.home().resolve(part),
          HOME + "/" + part,
          file -> !file.toString().endsWith(".aot"));
    }
    for (String file : new String[] {"LICENSE", Recipe.FILE}) {
      Path there = distribution.home().resolve(file);
      if (Files.exists(there)) {
        archive.file(HOME + "/" + file, Files.readAllBytes(there), Archive.PLAIN);
      }
    }
    var jars = new ArrayList<Path>(distribution.bundleFiles());
    jars.addAll(Distribution.jars(distribution.lib()));
    text(
        archive,
        HOME + "/" + PartsList.FILE,
        new PartsList(distribution.partsList())
            .of(distribution.name(), Version.ofTool(), jars, others(base)));
  }

  /** Java, and every file of this machine. */
  private static List<String> others(SortedMap<String, Path> base) throws IOException {
    var parts = new ArrayList<String>();
    parts.add(
        part(
            "platform",
            "Java " + System.getProperty("java.vendor"),
            Runtime.version().toString(),
            ""));
    for (var each : base.entrySet()) {
      parts.add(
          part("file", each.getKey(), "", PartsList.sha256(Files.readAllBytes(each.getValue()))));
    }
    return parts;
  }

  private static String part(String type, String name, String version, String sha256)
      throws IOException {
    var text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("type", type);
      out.writeStringField("name", name);
      if (!version.isEmpty()) out.writeStringField("version", version);
      if (!sha256.isEmpty()) PartsList.hash(sha256, out);
      out.writeEndObject();
    }
    return text.toString();
  }

  private static ImageLayout.Start start(Distribution distribution) throws IOException {
    var ports = new ArrayList<String>();
    if (has(distribution, "io.tenon.transport.nvmetcp-")) ports.add(NVME_PORT + "/tcp");
    if (has(distribution, "io.tenon.engine-")) ports.add(GRPC_PORT + "/tcp");
    return new ImageLayout.Start(
        distribution.name(),
        Version.ofTool(),
        List.of("/" + HOME + "/bin/tenon-node"),
        new TreeMap<>(
            Map.of(
                "PATH",
                "/" + HOME + "/bin:/bin",
                "HOME",
                DATA,
                "TENON_DATA",
                DATA,
                "TENON_JAVA_HOME",
                "/" + JAVA)),
        DATA,
        ports);
  }

  private static boolean has(Distribution distribution, String bundle) throws IOException {
    return distribution.bundleFiles().stream()
        .anyMatch(file -> String.valueOf(file.getFileName()).startsWith(bundle));
  }
}
