# A page about a class: make class-page.

.PHONY: class-page check-class-page
class-page: ## (instructor) make class.html again, of what lies in OUT=folder
	@$(if $(OUT),,echo "make class-page: which class? OUT=folder, as given to make class" >&2; exit 2)
	+@$(call built,$(CLASS))
	@$(B)/class/class page --out $(call quoted,$(OUT))

check-class-page: data ## look at class.html in a browser, sort it by clicking, filter it (make setup BROWSER=1)
	+@$(call built,$(CLASS) grading-parts ASSIGNMENT=example)
	@class/page/tests/check_page
# What looks at pages looks at this one, too.
check-pages: check-class-page
