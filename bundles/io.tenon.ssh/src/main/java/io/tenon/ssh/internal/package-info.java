/** The shell over SSH: who is let in, and what they get. */
@NullMarked
package io.tenon.ssh.internal;

import org.jspecify.annotations.NullMarked;
