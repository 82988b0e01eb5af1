package io.tenon.shell.internal;

import io.tenon.shell.api.Role;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Who may use a verb, or a command without verbs. One that does not say so is for admins. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
@interface Needs {
  /** The least role. */
  Role value();

  /**
   * Labels of the parameters that name a device to open. Who is no admin may open no file of the machine: see {@link DiskRule}.
   */
  String[] disks() default {};

  /** Names of the options that only admins may give, as they reach files of the machine. */
  String[] adminOptions() default {};
}
