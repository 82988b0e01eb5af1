package io.tenon.shell.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Option;

/**
 * Where a command writes: aligned tables for people, or JSON for scripts. Both are made of the same rows; a key in JSON is
 * the heading in lower case with underscores.
 */
final class Output {
  private static final int GAP = 2;

  private final PrintWriter out;
  private boolean json;

  Output(PrintWriter out) {
    this.out = out;
  }

  @Option(names = "--json", description = "Print JSON instead of a table.")
  void json(boolean wanted) {
    this.json = wanted;
  }

  /** One row a thing. */
  void table(List<Row> rows) {
    if (json) {
      writeJson(rows.stream().map(Row::cells).toList());
    } else if (rows.isEmpty()) {
      out.println("none");
    } else {
      writeTable(rows);
    }
  }

  /** One thing, a line for each of its properties; what it has several of in tables below. */
  void show(Row row) {
    if (json) {
      writeJson(row.cells());
      return;
    }
    int width = row.cells().keySet().stream().mapToInt(String::length).max().orElse(0);
    var below = new ArrayList<List<Row>>();
    row.cells()
        .forEach(
            (name, value) -> {
              var rows = rows(value);
              if (!rows.isEmpty()) below.add(rows);
              Object shown = rows.isEmpty() ? value : rows.size();
              out.println(
                  (name + " ".repeat(width + GAP - name.length()) + text(shown)).stripTrailing());
            });
    for (var rows : below) {
      out.println();
      writeTable(rows);
    }
  }

  /** Empty when the value is no list of rows. */
  private static List<Row> rows(Object value) {
    if (!(value instanceof List<?> list)) return List.of();
    return list.stream().filter(Row.class::isInstance).map(Row.class::cast).toList();
  }

  /** Whether scripts read it. */
  boolean isJson() {
    return json;
  }

  /** A line for people; nothing in JSON. */
  void say(String sentence) {
    if (json) return;
    out.println(sentence);
    out.flush();
  }

  /** One of things that come one after the other, on a line of its own. */
  void line(Row row) {
    if (json) writeJson(row.cells());
    else out.println(text(row.cells()));
    out.flush();
  }

  /** Something was done and there is nothing to show. */
  void done(String sentence) {
    if (json) {
      writeJson(Map.of("done", sentence));
    } else {
      out.println(sentence);
    }
  }

  private void writeTable(List<Row> rows) {
    var headings = rows.getFirst().cells().keySet().stream().map(Output::heading).toList();
    var lines =
        rows.stream()
            .map(row -> row.cells().values().stream().map(Output::text).toArray(String[]::new))
            .toList();
    var columns = new Column[headings.size()];
    for (int i = 0; i < columns.length; i++) {
      int column = i;
      int widest = lines.stream().mapToInt(line -> line[column].length()).max().orElse(0);
      int width = Math.max(headings.get(i).length(), widest) + (i == 0 ? 0 : GAP);
      columns[i] = new Column(width, i == 0 ? 0 : GAP, Overflow.SPAN);
    }
    var table = Help.TextTable.forColumns(Help.defaultColorScheme(Ansi.OFF), columns);
    table.addRowValues(headings.toArray(String[]::new));
    lines.forEach(table::addRowValues);
    table.toString().lines().map(String::stripTrailing).forEach(out::println);
  }

  private static String heading(String name) {
    return name.toUpperCase(java.util.Locale.ROOT).replace('_', ' ');
  }

  private static String text(Object value) {
    if (value instanceof List<?> list) {
      return list.isEmpty() ? "-" : String.join(", ", list.stream().map(Output::text).toList());
    }
    if (value instanceof Map<?, ?> map) {
      return String.join(" ", map.values().stream().map(Output::text).toArray(String[]::new));
    }
    String text = value.toString();
    return text.isEmpty() ? "-" : text;
  }

  private void writeJson(Object value) {
    var text = new StringWriter();
    try (var generator = new JsonFactory().createGenerator(text)) {
      generator.setPrettyPrinter(new DefaultPrettyPrinter());
      write(generator, value);
    } catch (IOException e) {
      throw new UncheckedIOException("JSON in memory cannot be written", e);
    }
    out.println(text);
  }

  private static void write(com.fasterxml.jackson.core.JsonGenerator json, Object value)
      throws IOException {
    switch (value) {
      case Row row -> write(json, row.cells());
      case Map<?, ?> map -> {
        json.writeStartObject();
        for (var entry : map.entrySet()) {
          json.writeFieldName(String.valueOf(entry.getKey()));
          write(json, entry.getValue());
        }
        json.writeEndObject();
      }
      case List<?> list -> {
        json.writeStartArray();
        for (var element : list) write(json, element);
        json.writeEndArray();
      }
      case Integer number -> json.writeNumber(number);
      case Long number -> json.writeNumber(number);
      case Double number -> json.writeNumber(number);
      case Boolean flag -> json.writeBoolean(flag);
      case Size size -> json.writeNumber(size.bytes());
      default -> json.writeString(value.toString());
    }
  }
}
