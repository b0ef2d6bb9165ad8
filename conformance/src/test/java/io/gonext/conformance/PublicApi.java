package io.gonext.conformance;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

/** A condition on what a public class shows to its users. */
final class PublicApi {
  private PublicApi() {}

  /** No public member's type, parameter or declared exception is of a package. */
  static ArchCondition<JavaClass> notExpose(String packageName) {
    return new ArchCondition<>("not expose " + packageName) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (JavaMember member : type.getMembers()) {
          if (!member.getModifiers().contains(JavaModifier.PUBLIC)) {
            continue;
          }
          for (JavaClass involved : member.getAllInvolvedRawTypes()) {
            if (involved.getPackageName().startsWith(packageName)) {
              events.add(
                  SimpleConditionEvent.violated(
                      member, member.getFullName() + " exposes " + involved.getName()));
            }
          }
        }
      }
    };
  }
}
