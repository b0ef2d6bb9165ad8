package io.gonext.spring;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;

/** Finds the methods of beans that have an annotation, and makes no bean for it. */
final class BeanMethods {
  private final ConfigurableListableBeanFactory beans;

  BeanMethods(ConfigurableListableBeanFactory beans) {
    this.beans = beans;
  }

  /**
   * A method of a bean.
   *
   * @param beanName the name of the bean
   * @param method of the bean's own class, not of a proxy
   */
  record Found<A extends Annotation>(String beanName, Method method, A annotation) {
    @Override
    public String toString() {
      return method.getDeclaringClass().getSimpleName() + "." + method.getName();
    }
  }

  /** All methods with the annotation, in the order in which the beans were defined. */
  <A extends Annotation> List<Found<A>> with(Class<A> annotation) {
    List<Found<A>> found = new ArrayList<>();
    for (String name : beans.getBeanNamesForType(Object.class, false, false)) {
      // The target of a scoped proxy is found by the proxy.
      if (name.startsWith("scopedTarget.")) {
        continue;
      }
      @Nullable Class<?> type = AutoProxyUtils.determineTargetClass(beans, name);
      if (type != null && AnnotationUtils.isCandidateClass(type, annotation)) {
        Map<Method, A> methods =
            MethodIntrospector.selectMethods(
                type,
                (MethodIntrospector.MetadataLookup<A>)
                    method -> AnnotatedElementUtils.findMergedAnnotation(method, annotation));
        methods.forEach((method, value) -> found.add(new Found<>(name, method, value)));
      }
    }
    return found;
  }

  /** The bean of a method, which may be made now, and the method as its proxy has it. */
  BoundMethod bound(Found<?> found) {
    Object bean = beans.getBean(found.beanName());
    Method method = AopUtils.selectInvocableMethod(found.method(), bean.getClass());
    method.trySetAccessible();
    return new BoundMethod(bean, method);
  }

  /** A method that can be called. */
  record BoundMethod(Object bean, Method method) {}
}
