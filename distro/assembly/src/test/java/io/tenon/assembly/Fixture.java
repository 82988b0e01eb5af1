package io.tenon.assembly;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** A small distribution of empty bundles, and the tool run on it. */
final class Fixture {
  static final String PROVIDE = "Provide-Capability";
  static final String REQUIRE = "Require-Capability";

  final Path folder;
  final Path home;
  String said = "";
  String complained = "";

  private Fixture(Path folder) {
    this.folder = folder;
    this.home = folder.resolve("base");
  }

  /** Features {@code core} and {@code nexus}, backend {@code aio}, and a library that nobody asks for by name. */
  static Fixture make(Path folder) throws IOException {
    var made = new Fixture(folder);
    for (String part : new String[] {"bundles", "lib", "bin", "etc"}) {
      Files.createDirectories(made.home.resolve(part));
    }
    Files.writeString(made.home.resolve("bin/tenon-node"), "#!/bin/sh\n");
    Files.writeString(made.home.resolve("bin/tenon-shell"), "#!/bin/sh\n");
    Files.writeString(made.home.resolve("lib/java.sh"), "# finds Java\n");
    Files.writeString(made.home.resolve("lib/tenon-node.aot"), "of this machine");
    Files.writeString(
        made.home.resolve("etc/tenon-node.properties"),
        "# Options.\n#name=x\n#grpc=y\nname=mine\n");
    Files.writeString(made.home.resolve("etc/some.part.cfg"), "password=secret\n");
    made.own("feature.core", Map.of(PROVIDE, "tenon.feature;tenon.feature=core"));
    made.own(
        "feature.nexus",
        Map.of(
            PROVIDE,
            "tenon.feature;tenon.feature=nexus",
            REQUIRE,
            "osgi.identity;filter:=\"(osgi.identity=nexus)\";effective:=active"));
    made.own(
        "nexus",
        Map.of(
            "Import-Package",
            "lib.api;version=\"[1.0,2)\", nowhere;resolution:=optional, spare.api;resolution:=optional",
            REQUIRE,
            "osgi.service;filter:=\"(objectClass=a.Store)\";effective:=active"));
    made.own("lib", Map.of("Export-Package", "lib.api;version=\"1.5\""));
    made.own("spare", Map.of("Export-Package", "spare.api"));
    made.own(
        "backend.aio",
        Map.of(
            "DynamicImport-Package",
            "not.there",
            PROVIDE,
            "tenon.backend;scheme:List<String>=\"aio,file\""));
    made.own(
        "store.a", Map.of(PROVIDE, "tenon.metadata;store=a,osgi.service;objectClass=\"a.Store\""));
    made.own(
        "store.b", Map.of(PROVIDE, "tenon.metadata;store=b,osgi.service;objectClass=\"a.Store\""));
    return made;
  }

  Path own(String name, Map<String, String> headers) throws IOException {
    return bundle(home.resolve("bundles"), name, "1.0.0", headers);
  }

  static Path bundle(Path folder, String name, String version, Map<String, String> headers)
      throws IOException {
    var manifest = new Manifest();
    Attributes all = manifest.getMainAttributes();
    all.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    all.putValue("Bundle-ManifestVersion", "2");
    all.putValue("Bundle-SymbolicName", name);
    all.putValue("Bundle-Version", version);
    headers.forEach(all::putValue);
    Files.createDirectories(folder);
    Path jar = folder.resolve(name + "-" + version + ".jar");
    new JarOutputStream(Files.newOutputStream(jar), manifest).close();
    return jar;
  }

  /** Each with {@code --from} this one, and what it said kept. */
  int run(String... words) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    PrintStream formerOut = System.out;
    PrintStream formerErr = System.err;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    System.setProperty("tenon.home", home.toString());
    try {
      return Main.run(words);
    } finally {
      System.setOut(formerOut);
      System.setErr(formerErr);
      said = out.toString(StandardCharsets.UTF_8);
      complained = err.toString(StandardCharsets.UTF_8);
    }
  }

  static Set<String> names(Path folder) throws IOException {
    var names = new TreeSet<String>();
    try (var files = Files.list(folder)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }
}
