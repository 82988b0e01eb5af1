package io.tenon.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Tested code with a bug: a class loader that reads the classes of some packages anew and changes one method of one of them. So a
 * bug can be planted anywhere, and the tested code needs no hooks for it. A test asks it for a class of its own, and calls that.
 */
public final class Mutant extends ClassLoader {
  /** How an instruction is changed; false to leave it as it is. */
  public interface Change {
    boolean apply(CodeBuilder code, CodeElement element);
  }

  private final String packages;
  private final String type;
  private final String method;
  private final Change change;
  private final byte[] changed;

  /**
   * @param packages prefix of the names of the classes that are read anew: the tested ones, the test's own, and what lies between
   * @param type the class with the bug
   * @param method every one of this name in it is changed
   */
  public Mutant(String packages, String type, String method, Change change) {
    super(Mutant.class.getClassLoader());
    this.packages = packages;
    this.type = type;
    this.method = method;
    this.change = change;
    try {
      // At once: a bug that fits no more must not look like one that is found.
      this.changed = changed(bytesOf(type));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(type + " has moved and this bug fits no more", e);
    }
  }

  /** A field is read as this number, or as false or true. */
  public static Change field(String name, int constant) {
    return (code, element) -> {
      if (!(element instanceof FieldInstruction read)) return false;
      if (read.opcode() != Opcode.GETFIELD || !read.name().equalsString(name)) return false;
      code.pop().loadConstant(constant);
      return true;
    };
  }

  /** A call does nothing and returns this number, or false or true; nothing where it is no number. */
  public static Change call(String name, int constant) {
    return (code, element) -> {
      if (!(element instanceof InvokeInstruction call)) return false;
      if (!call.name().equalsString(name)) return false;
      var parameters = call.typeSymbol().parameterList();
      for (ClassDesc parameter : parameters.reversed()) drop(code, TypeKind.from(parameter));
      if (call.opcode() != Opcode.INVOKESTATIC) code.pop();
      switch (TypeKind.from(call.typeSymbol().returnType())) {
        case VOID -> {}
        case REFERENCE -> code.aconst_null();
        case LONG -> code.loadConstant((long) constant);
        case INT, BOOLEAN, SHORT, BYTE, CHAR -> code.loadConstant(constant);
        case FLOAT, DOUBLE -> throw new AssertionError("nobody has needed that yet");
      }
      return true;
    };
  }

  private static void drop(CodeBuilder code, TypeKind kind) {
    if (kind.slotSize() == 2) code.pop2();
    else code.pop();
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(packages)) return super.loadClass(name, resolve);
    synchronized (getClassLoadingLock(name)) {
      var known = findLoadedClass(name);
      if (known != null) return known;
      byte[] bytes = name.equals(type) ? changed : bytesOf(name);
      return defineClass(name, bytes, 0, bytes.length);
    }
  }

  private byte[] bytesOf(String name) throws ClassNotFoundException {
    String file = name.replace('.', '/') + ".class";
    try (InputStream in = getParent().getResourceAsStream(file)) {
      if (in == null) throw new ClassNotFoundException(name);
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] changed(byte[] bytes) {
    var changes = new AtomicInteger();
    CodeTransform body =
        (code, element) -> {
          if (change.apply(code, element)) changes.incrementAndGet();
          else code.with(element);
        };
    var file = ClassFile.of();
    byte[] result =
        file.transformClass(
            file.parse(bytes),
            ClassTransform.transformingMethodBodies(
                candidate -> candidate.methodName().equalsString(method), body));
    if (changes.get() == 0) {
      throw new IllegalStateException(
          "%s.%s has changed and this bug fits no more".formatted(type, method));
    }
    return result;
  }
}
